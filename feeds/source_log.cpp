#include "feeds/source_log.hpp"

namespace tapeline::feeds {
namespace {

/// Between two words of trouble of one source.
constexpr Nanos trouble_interval_ns = 30 * nanos_per_second;

}  // namespace

void SourceLog::note(const SourceStatus& status, Nanos now_ns) {
  tell_unknown_symbols(status);
  Told& told = told_[status.name];
  if (status.errors > told.errors && now_ns >= told.next_ns) {
    tell_trouble(status, told, now_ns);
  } else if (told.is_troubled && status.errors == told.seen_errors && status.frames > told.seen_frames) {
    // A refusal is a frame too, but one that counts as an error.
    told.is_troubled = false;
    operations_.tell(Severity::info, "poller", status.name + " is well again");
  }
  told.seen_errors = status.errors;
  told.seen_frames = status.frames;
}

void SourceLog::tell_trouble(const SourceStatus& status, Told& told, Nanos now_ns) {
  const std::uint64_t fresh = status.errors - told.errors;
  const std::string count = fresh > 1 ? " (" + std::to_string(fresh) + " errors since the last word of it)" : "";
  const bool state_says_why = status.state.find(status.last_error) != std::string::npos;
  const std::string what = state_says_why ? status.state : status.last_error + "; now " + status.state;
  operations_.tell(Severity::warning, "poller", status.name + ": " + what + count);
  told.errors = status.errors;
  told.next_ns = now_ns + trouble_interval_ns;
  told.is_troubled = true;
}

void SourceLog::tell_unknown_symbols(const SourceStatus& status) {
  for (const std::string& symbol : status.unknown_symbols) {
    if (!told_unknown_.insert(status.name + ": " + symbol).second) continue;
    operations_.tell(Severity::warning, "poller",
                     status.name + " does not know " + symbol + ", or trades it no more; mend sources." + status.name +
                         ".symbols: tapeline symbols search finds its names. All other symbols are asked for as usual");
  }
}

}  // namespace tapeline::feeds
