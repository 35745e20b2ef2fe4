#include "app/commands/journal_text.hpp"

#include <fmt/format.h>

namespace tapeline::app {

std::string kind_text(FrameKind kind) {
  switch (kind) {
    case FrameKind::data: return "data";
    case FrameKind::clock: return "clock";
    case FrameKind::session_start: return "session_start";
    case FrameKind::end_of_input: return "end_of_input";
    case FrameKind::session_end: return "session_end";
  }
  return fmt::format("kind {}", static_cast<int>(kind));
}

std::string time_text(Nanos time_ns) {
  const Nanos fraction_ns = (time_ns % nanos_per_second + nanos_per_second) % nanos_per_second;
  std::string text = format_utc(time_ns - fraction_ns);
  text.pop_back();
  return text + fmt::format(".{:09}Z", fraction_ns);
}

}  // namespace tapeline::app
