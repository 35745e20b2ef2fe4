#include "feeds/journaled_trades.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "core/journal/journal_reader.hpp"
#include "feeds/registry.hpp"

namespace tapeline::feeds {
namespace {

/// A symbol that has not traded for so long is as good as new; reading it takes some tenths of a second.
constexpr std::uint64_t bytes_enough = std::uint64_t{64} * 1024 * 1024;

JournalPosition begin_of(const JournalReader& reader, const JournalConfig& journal, JournalPosition end) {
  // Records are found from the beginning of a segment on.
  const JournalPosition wanted = end - std::min(end, bytes_enough);
  return std::max(reader.first_position(), wanted / journal.segment_bytes * journal.segment_bytes);
}

}  // namespace

void for_each_journaled_trade(const JournalConfig& journal, JournalPosition end, const std::set<SourceCode>& sources,
                              const std::function<void(SourceCode, const JournaledTrade&)>& visit) {
  if (sources.empty()) return;
  std::map<SourceCode, std::unique_ptr<WireParser>> parsers;
  for (const SourceCode source : sources) parsers.emplace(source, find_source(source)->make_parser());
  JournalReader reader(journal);
  reader.seek(begin_of(reader, journal, end));
  Frame frame;
  WireOutput output;
  while (reader.next(end, frame)) {
    const auto parser = frame.kind == FrameKind::data ? parsers.find(frame.source) : parsers.end();
    if (parser == parsers.end()) continue;
    output.clear();
    parser->second->parse(frame, output);
    for (const WireEvent& event : output.events) {
      if (event.kind == EventKind::tick && event.trade_id != 0)
        visit(frame.source, {event.symbol, event.trade_id, event.event_ns});
    }
  }
}

}  // namespace tapeline::feeds
