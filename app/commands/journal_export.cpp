#include "app/commands/journal_export.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "app/commands/journal_text.hpp"
#include "app/config/loader.hpp"
#include "app/config/private_servers.hpp"
#include "app/journal_index.hpp"
#include "app/journal_location.hpp"
#include "app/stage_options.hpp"
#include "app/summary.hpp"
#include "core/base/json_text.hpp"
#include "core/journal/journal_reader.hpp"
#include "feeds/registry.hpp"
#include "sinks/postgres/text.hpp"

namespace tapeline::app {
namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const std::uint32_t three = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    for (std::size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : letters[three >> (18 - 6 * j) & 63U];
  }
  return text;
}

/// A text as it is where JSON can hold it, else its bytes in base64 under another name.
std::string json_bytes(const char* name, std::string_view bytes) {
  const bool is_text = sinks::postgres::is_storable_text(bytes);
  return fmt::format("\"{}{}\":{}", name, is_text ? "" : "_base64",
                     is_text ? json_string(bytes) : '"' + base64(bytes) + '"');
}

std::string json_line(const Frame& frame) {
  const bool is_data = frame.kind == FrameKind::data;
  return fmt::format(
      "{{\"position\":{},\"received_ns\":{},\"received\":\"{}\",\"kind\":\"{}\",\"source\":{},\"channel\":{},"
      "\"status\":{},{},{}}}\n",
      frame.position, frame.receive_ns, time_text(frame.receive_ns), kind_text(frame.kind),
      is_data ? json_string(source_name(frame.source)) : "null", frame.channel, frame.http_status,
      json_bytes("context", frame.context), json_bytes("payload", frame.payload));
}

/// What a recording can hold of a frame: `replay` gives every line the first channel, and no context.
bool fits_recording(const Frame& frame) {
  return frame.channel == Channel{1} && frame.context.empty() && frame.receive_ns > 0 && !frame.payload.empty() &&
         frame.payload.find_first_of("\r\n") == std::string_view::npos;
}

class Selection {
 public:
  Selection(const JournalExportOptions& options, const Config& config)
      : options_(options), is_by_symbol_(!options.symbol.empty()) {
    if (!options.source.empty()) source_ = feeds::named_source(options.source).code;
    if (!is_by_symbol_) return;
    for (const SymbolName& name : parser_options(config, {}).names) {
      if (name.symbol == options.symbol) native_.emplace_back(name.source, name.native_symbol);
    }
  }

  [[nodiscard]] bool is_named(SourceCode source, std::string_view native) const {
    if (source_ && source != *source_) return false;
    return native == options_.symbol || std::any_of(native_.begin(), native_.end(), [&](const auto& name) {
             return name.first == source && name.second == native;
           });
  }
  [[nodiscard]] bool may_hold(const SegmentIndex& index, const SegmentIndex::Block& block) const {
    if (options_.from_ns && block.last_ns < *options_.from_ns) return false;
    if (options_.to_ns && block.first_ns >= *options_.to_ns) return false;
    return !is_by_symbol_ || std::any_of(block.symbols.begin(), block.symbols.end(), [&](std::uint32_t number) {
      return number < index.symbols.size() && is_named(index.symbols[number].first, index.symbols[number].second);
    });
  }
  [[nodiscard]] bool holds(const Frame& frame, FrameSymbols& symbols) const {
    if (options_.from_ns && frame.receive_ns < *options_.from_ns) return false;
    if (options_.to_ns && frame.receive_ns >= *options_.to_ns) return false;
    if (source_ && (frame.kind != FrameKind::data || frame.source != *source_)) return false;
    if (options_.format == ExportFormat::recording && frame.kind != FrameKind::data) return false;
    if (!is_by_symbol_) return true;
    const auto& spoken_of = symbols.of(frame);
    return std::any_of(spoken_of.begin(), spoken_of.end(),
                       [&](std::string_view symbol) { return is_named(frame.source, symbol); });
  }
  /// Worth an index: without a limit everything is read anyway.
  [[nodiscard]] bool is_narrow() const { return is_by_symbol_ || options_.from_ns || options_.to_ns; }

 private:
  const JournalExportOptions& options_;
  bool is_by_symbol_;
  std::optional<SourceCode> source_;
  std::vector<std::pair<SourceCode, std::string>> native_;
};

struct Range {
  JournalPosition begin = 0;
  JournalPosition end = 0;
};

/// Where in a segment something may be.
std::vector<Range> ranges_of(const JournalExtent& extent, std::uint64_t segment, const Selection& selection,
                             JournalIndex& indices) {
  const std::size_t segment_bytes = extent.config.segment_bytes;
  if (!selection.is_narrow()) {
    return {{segment * segment_bytes + sizeof(SegmentHeader),
             std::min<JournalPosition>(extent.end_position, (segment + 1) * segment_bytes)}};
  }
  std::vector<Range> ranges;
  const SegmentIndex index = indices.of_segment(segment);
  for (const SegmentIndex::Block& block : index.blocks) {
    if (!selection.may_hold(index, block)) continue;
    if (!ranges.empty() && ranges.back().end == block.begin) {
      ranges.back().end = block.end;
    } else {
      ranges.push_back({block.begin, block.end});
    }
  }
  return ranges;
}

JournalExtent extent_of(const LoadedConfig& loaded, const std::string& lane_or_directory) {
  const std::string& lane = lane_or_directory.empty() ? loaded.config.lane : lane_or_directory;
  return survey_journal(locate_journal(journal_root(loaded.config, resolve_var_directory()), lane).directory);
}

std::string megabytes(std::uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

}  // namespace

int run_journal_export(const JournalExportOptions& options) {
  if (options.format == ExportFormat::recording && options.source.empty())
    throw std::invalid_argument("--format recording: a recording is of one source; name it with --source");
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const JournalExtent extent = extent_of(loaded, options.lane);
  const Selection selection(options, loaded.config);
  FrameSymbols symbols;
  JournalIndex indices(extent, symbols);
  JournalReader reader(extent.config);
  std::string failure;
  std::uint64_t unfit = 0;
  const std::size_t segment_bytes = extent.config.segment_bytes;
  for (std::uint64_t segment = extent.first_position / segment_bytes; segment * segment_bytes < extent.end_position;
       ++segment) {
    for (const Range& range : ranges_of(extent, segment, selection, indices)) {
      reader.seek(range.begin);
      for (Frame frame; reader.next(range.end, frame);) {
        if (!selection.holds(frame, symbols)) continue;
        std::string line;
        if (options.format == ExportFormat::json) {
          line = json_line(frame);
        } else if (fits_recording(frame)) {
          line = fmt::format("{} {}\n", frame.receive_ns, frame.payload);
        } else {
          ++unfit;
        }
        if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size())
          throw std::runtime_error("cannot write to standard output");
      }
      if (failure.empty()) failure = reader.failure();
    }
  }
  if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to standard output");
  if (!failure.empty()) throw std::runtime_error(failure);
  if (unfit > 0) {
    std::fputs(
        fmt::format("tapeline: {} frames are not in the recording, which cannot hold them: a line end, a context, or "
                    "another channel; --format json has them\n",
                    unfit)
            .c_str(),
        stderr);
  }
  if (reader.skipped_count() > 0) {
    std::fputs(
        fmt::format("tapeline: {} stretches of the journal cannot be read; `tapeline journal verify` says which\n",
                    reader.skipped_count())
            .c_str(),
        stderr);
  }
  return unfit + reader.skipped_count() > 0 ? 1 : 0;
}

int run_journal_stats(const JournalStatsOptions& options) {
  const LoadedConfig loaded = load_config(options.config_file, Purpose::look_back);
  const JournalExtent extent = extent_of(loaded, options.lane);
  FrameSymbols symbols;
  JournalIndex indices(extent, symbols);
  const std::size_t segment_bytes = extent.config.segment_bytes;
  std::map<SegmentIndex::Kind, FrameTotals> totals;
  std::map<SegmentIndex::Symbol, std::uint64_t> blocks_of;
  std::optional<Nanos> first_ns;
  Nanos last_ns = 0;
  for (std::uint64_t segment = extent.first_position / segment_bytes; segment * segment_bytes < extent.end_position;
       ++segment) {
    const SegmentIndex index = indices.of_segment(segment);
    for (const auto& [kind, total] : index.totals) {
      totals[kind].frames += total.frames;
      totals[kind].bytes += total.bytes;
    }
    for (const SegmentIndex::Symbol& symbol : index.symbols) ++blocks_of[symbol];
    for (const SegmentIndex::Block& block : index.blocks) {
      first_ns = std::min(first_ns.value_or(block.first_ns), block.first_ns);
      last_ns = std::max(last_ns, block.last_ns);
    }
  }
  std::uint64_t disk_bytes = 0;
  std::uint64_t compressed = 0;
  std::uint64_t compressed_bytes = 0;
  const auto files = find_segments(extent.config.directory);
  for (const SegmentFile& file : files) {
    disk_bytes += file.disk_bytes;
    if (file.form != SegmentForm::compressed) continue;
    ++compressed;
    compressed_bytes += file.file_bytes;
  }
  FrameTotals all;
  for (const auto& [kind, total] : totals) {
    all.frames += total.frames;
    all.bytes += total.bytes;
  }
  const double span_s = first_ns ? static_cast<double>(last_ns - *first_ns) / 1e9 : 0;
  const auto rate = [&](std::uint64_t count) { return span_s > 0 ? static_cast<double>(count) / span_s : 0.0; };
  const double ratio = compressed_bytes > 0
                           ? static_cast<double>(compressed * segment_bytes) / static_cast<double>(compressed_bytes)
                           : 0;
  const auto source_of = [](const SegmentIndex::Kind& kind) {
    return kind.first == FrameKind::data ? source_name(kind.second) : std::string("-");
  };
  if (options.json) {
    std::string kinds;
    for (const auto& [kind, total] : totals) {
      kinds += fmt::format("{}{{\"kind\":\"{}\",\"source\":{},\"frames\":{},\"bytes\":{},\"frames_per_s\":{:.3f}}}",
                           kinds.empty() ? "" : ",", kind_text(kind.first),
                           kind.first == FrameKind::data ? json_string(source_of(kind)) : "null", total.frames,
                           total.bytes, rate(total.frames));
    }
    std::fputs(
        fmt::format(
            "{{\"directory\":{},\"first_position\":{},\"end_position\":{},\"segments\":{},"
            "\"compressed_segments\":{},\"disk_bytes\":{},\"compression_ratio\":{:.2f},\"frames\":{},"
            "\"payload_bytes\":{},\"first_received_ns\":{},\"last_received_ns\":{},\"symbols\":{},\"kinds\":[{}]}}\n",
            json_string(extent.config.directory), extent.first_position, extent.end_position, files.size(), compressed,
            disk_bytes, ratio, all.frames, all.bytes, first_ns.value_or(0), last_ns, blocks_of.size(), kinds)
            .c_str(),
        stdout);
    return 0;
  }
  std::string text = fmt::format("journal   {}\n", extent.config.directory);
  text += fmt::format("positions {} to {}\n", extent.first_position, extent.end_position);
  text += fmt::format("segments  {} of {}, {} compressed{}; {} on disk\n", files.size(), megabytes(segment_bytes),
                      compressed, compressed > 0 ? fmt::format(" to 1/{:.1f}", ratio) : "", megabytes(disk_bytes));
  if (first_ns) {
    text += fmt::format("received  {} to {}, {:.1f} s\n", time_text(*first_ns), time_text(last_ns), span_s);
  }
  text += fmt::format("symbols   {}\n\n", blocks_of.size());
  text +=
      fmt::format("{:<15}{:<16}{:>14}{:>16}{:>14}{:>14}\n", "kind", "source", "frames", "bytes", "frames/s", "bytes/s");
  for (const auto& [kind, total] : totals) {
    text += fmt::format("{:<15}{:<16}{:>14}{:>16}{:>14.1f}{:>14.0f}\n", kind_text(kind.first), source_of(kind),
                        count_text(total.frames), count_text(total.bytes), rate(total.frames), rate(total.bytes));
  }
  text += fmt::format("{:<31}{:>14}{:>16}{:>14.1f}{:>14.0f}\n", "all", count_text(all.frames), count_text(all.bytes),
                      rate(all.frames), rate(all.bytes));
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace tapeline::app
