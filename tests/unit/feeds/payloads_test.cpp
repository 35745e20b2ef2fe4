// Every recorded payload of the polled sources, against an independent reading: parsed to exactly its values, or refused
// for the right reason. expected_payloads.py walks the list of payloads, so that none is left out.
#include <map>

#include "feeds/registry.hpp"
#include "tests/unit/feeds/wire_fixture.hpp"

namespace tapeline::feeds {
namespace {

using testing::Parsed;
using Lines = std::vector<std::string>;

struct Expectation {
  std::string file;
  std::string source;
  testing::Request request;
  std::size_t skipped_bytes = 0;
  Lines lines;
};

Expectation take_block(const Lines& lines, std::size_t& at) {
  Expectation block;
  block.file = lines[at++].substr(5);
  std::istringstream ask{lines[at++].substr(4)};
  int channel = 0;
  ask >> block.source >> channel >> block.request.http_status >> block.skipped_bytes >> std::ws;
  block.request.channel = static_cast<Channel>(channel);
  std::getline(ask, block.request.context);
  for (; lines[at] != "end"; ++at) block.lines.push_back(lines[at]);
  ++at;
  return block;
}

/// The lines of the events; of a body that is refused or rejected as a whole what it is and why.
Lines outcome_of(const Parsed& parsed) {
  if (parsed.events().size() == 1 && parsed.events()[0].event_ns == testing::receive_ns) {
    const WireEvent& event = parsed.events()[0];
    if (event.kind == EventKind::refusal) return {std::string{"refusal "} + to_string(event.reason)};
    if (event.kind == EventKind::reject && event.reason == Reason::unparsable) return {"reject unparsable"};
  }
  return parsed.lines();
}

TEST(RecordedPayloads, EachIsReadExactlyOrRefusedForTheRightReason) {
  const auto folder = testing::payload_folder("yahoo").parent_path();
  if (folder.empty() || access(testing::python, X_OK) != 0) GTEST_SKIP() << testing::no_payloads;
  std::string command = testing::python;
  command += " -B tests/unit/feeds/expected_payloads.py '" + folder.string() + '\'';
  const Lines lines = testing::output_of(command);
  std::map<std::string, std::unique_ptr<WireParser>> parsers;
  std::size_t files = 0;
  for (std::size_t at = 0; at < lines.size(); ++files) {
    const Expectation block = take_block(lines, at);
    SCOPED_TRACE(block.file);
    auto& parser = parsers[block.source];
    if (!parser) parser = find_source(block.source)->make_parser();
    const std::string body = testing::contents(folder / block.file).substr(block.skipped_bytes);
    const Parsed parsed{*parser, block.request, body};
    EXPECT_EQ(outcome_of(parsed), block.lines);
    // A body that breaks off never passes for a shorter one.
    const Parsed half{*parser, block.request, std::string_view{body}.substr(0, body.size() / 2)};
    EXPECT_FALSE(half.events().empty());
  }
  EXPECT_GT(files, 200U);
}

}  // namespace
}  // namespace tapeline::feeds
