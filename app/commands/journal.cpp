#include "app/commands/journal.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "app/commands/journal_text.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/journal_location.hpp"
#include "app/stage_options.hpp"
#include "app/summary.hpp"
#include "core/journal/journal_check.hpp"
#include "core/journal/journal_reader.hpp"
#include "core/journal/journal_survey.hpp"

namespace tapeline::app {
namespace {

constexpr int damaged = 1;

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

/// For a terminal: a context comes from outside and may hold anything.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) shown += static_cast<unsigned char>(c) < 0x20 || c == '\x7f' ? '?' : c;
  return shown;
}

void print_frame(const Frame& frame, bool is_intact) {
  const auto line = [](std::string_view what, const std::string& value) {
    if (!value.empty()) print(fmt::format("{:<9} {}\n", what, value));
  };
  const bool is_data = frame.kind == FrameKind::data;
  line("position", std::to_string(frame.position));
  line("end", std::to_string(frame.end_position));
  line("received", time_text(frame.receive_ns));
  line("kind", kind_text(frame.kind));
  line("source", is_data ? source_name(frame.source) : "");
  line("channel", is_data ? std::to_string(frame.channel) : "");
  line("status", frame.http_status != 0 ? fmt::format("HTTP {}", frame.http_status) : "");
  line("context", printable(frame.context));
  line("checksum", is_intact ? "ok" : "WRONG: the bytes are not those that were received");
  line("payload", fmt::format("{} bytes{}", frame.payload.size(), frame.payload.empty() ? "" : "; --raw prints them"));
}

std::string no_frame_text(const JournalExtent& extent, const FoundFrame& found, JournalPosition position) {
  std::string nearest;
  if (found.before) nearest += fmt::format("; the one before begins at {}", *found.before);
  if (found.after) nearest += fmt::format("; the next begins at {}", *found.after);
  const char* where = "no whole frame stands there";
  if (position < extent.first_position) where = "the journal begins behind it, at";
  if (position >= extent.end_position) where = "the journal ends before it, at";
  std::string text = fmt::format("journal {}: position {}: {}", extent.config.directory, position, where);
  if (position < extent.first_position) text += fmt::format(" {}", extent.first_position);
  if (position >= extent.end_position) text += fmt::format(" {}", extent.end_position);
  return text + nearest;
}

struct Span {
  std::uint64_t frames = 0;
  Nanos first_ns = 0;
  Nanos last_ns = 0;
};

Span span_of(const JournalExtent& extent) {
  JournalReader reader(extent.config);
  reader.seek(extent.first_position);
  Span span;
  Frame frame;
  while (reader.next(extent.end_position, frame)) {
    if (span.frames++ == 0) span.first_ns = frame.receive_ns;
    span.last_ns = frame.receive_ns;
  }
  if (!reader.failure().empty()) throw std::runtime_error(std::string(reader.failure()));
  return span;
}

int verify_lane(const JournalLocation& location) {
  JournalCheck check;
  std::vector<std::string> problems;
  try {
    check = check_journal(location.directory);
  } catch (const std::exception& error) {
    problems.emplace_back(error.what());
  }
  for (const JournalFinding& finding : check.findings) {
    problems.push_back(fmt::format("segment {:016x}, position {} to {}: {}", finding.segment, finding.begin,
                                   finding.end, finding.what));
  }
  if (check.torn_bytes > 0) {
    problems.push_back(
        fmt::format("torn at position {}, behind the last whole record: {} bytes; the lane's next start "
                    "cuts them off",
                    check.end_position, check.torn_bytes));
  }
  print(fmt::format("{}: {}, {} frames whole up to position {}\n", location.lane, problems.empty() ? "ok" : "DAMAGED",
                    count_text(check.frames), check.end_position));
  if (check.has_closed) {
    print(fmt::format("  {} segments, {} chained; SHA-256 of the last closed one ({:016x}): {}\n", check.segments,
                      check.chained_segments, check.last_closed_index, to_hex(check.last_closed)));
  }
  for (const std::string& problem : problems) print(fmt::format("  {}\n", problem));
  return problems.empty() ? 0 : damaged;
}

std::string root_of(const LoadedConfig& loaded) { return journal_root(loaded.config, resolve_var_directory()); }

}  // namespace

int run_journal_show(const JournalShowOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const std::string& lane = options.lane.empty() ? loaded.config.lane : options.lane;
  const JournalExtent extent = survey_journal(locate_journal(root_of(loaded), lane).directory);
  const FoundFrame found = find_frame(extent, options.position);
  if (!found.frame) throw std::runtime_error(no_frame_text(extent, found, options.position));
  if (options.raw) {
    std::fwrite(found.frame->payload.data(), 1, found.frame->payload.size(), stdout);
    if (!found.is_intact) std::fputs("tapeline: the frame's checksum is wrong: these bytes are damaged\n", stderr);
  } else {
    print_frame(*found.frame, found.is_intact);
  }
  return found.is_intact ? 0 : damaged;
}

int run_journal_list(const std::string& config_file) {
  const LoadedConfig loaded = load_config(config_file, Purpose::look_back);
  const std::string root = root_of(loaded);
  const std::vector<std::string> lanes = lanes_with_journal(root);
  if (lanes.empty()) {
    print(fmt::format("no journal in {}; `tapeline run` makes one\n", root));
    return 0;
  }
  print(fmt::format("{:<24} {:>14} {:>14} {:>14} {:>10}  {:<30}  {}\n", "lane", "first", "end", "bytes", "frames",
                    "received from", "to"));
  int status = 0;
  for (const std::string& lane : lanes) {
    try {
      const JournalExtent extent = survey_journal(root + "/" + lane);
      const Span span = span_of(extent);
      print(fmt::format("{:<24} {:>14} {:>14} {:>14} {:>10}  {:<30}  {}\n", lane, extent.first_position,
                        extent.end_position, count_text(extent.end_position - extent.first_position),
                        count_text(span.frames), span.frames > 0 ? time_text(span.first_ns) : "-",
                        span.frames > 0 ? time_text(span.last_ns) : "-"));
    } catch (const std::exception& error) {
      print(fmt::format("{:<24} {}\n", lane, error.what()));
      status = damaged;
    }
  }
  return status;
}

int run_journal_verify(const JournalVerifyOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const std::string root = root_of(loaded);
  if (!options.lane.empty()) return verify_lane(locate_journal(root, options.lane));
  int status = 0;
  const std::vector<std::string> lanes = lanes_with_journal(root);
  for (const std::string& lane : lanes) status = std::max(status, verify_lane({lane, root + "/" + lane}));
  if (lanes.empty()) print(fmt::format("no journal in {}; `tapeline run` makes one\n", root));
  return status;
}

}  // namespace tapeline::app
