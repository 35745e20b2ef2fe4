#include "app/view/terminal_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/output_thread.hpp"
#include "app/summary.hpp"
#include "feeds/registry.hpp"

namespace tapeline::app {
namespace {

constexpr std::string_view red = "\x1b[31m", green = "\x1b[32m", yellow = "\x1b[33m", dim = "\x1b[2m", bold = "\x1b[1m",
                           plain = "\x1b[0m";
constexpr std::size_t messages_max = 4;
constexpr std::size_t alerts_shown = 5;

/// Lines with styles, cut to the width of the screen by what is visible.
class Canvas {
 public:
  Canvas(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns) {}

  void line(std::string_view text) {
    if (lines_ >= rows_) return;
    ++lines_;
    std::size_t visible = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b') {
        const std::size_t end = text.find('m', i);
        if (end == std::string_view::npos) break;
        text_.append(text.substr(i, end - i + 1));
        i = end;
        continue;
      }
      // Continuation bytes of UTF-8 take no column.
      const bool begins_character = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
      if (begins_character && ++visible > columns_) break;
      text_ += text[i];
    }
    text_.append(plain).append("\x1b[K\n");
  }
  [[nodiscard]] std::size_t room() const noexcept { return rows_ - lines_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::size_t lines_ = 0;
  std::string text_;
};

std::string number(double value, int decimals) {
  return std::isnan(value) ? std::string("-") : fmt::format("{:.{}f}", value, decimals);
}

/// As many decimals as the price itself has, at least 2: bands line up with prices.
int decimals_of(const Latest& latest) {
  return latest.price_exponent < -8 ? 4 : std::clamp(-static_cast<int>(latest.price_exponent), 2, 8);
}

std::string_view color_of(Signal signal) { return signal == Signal::buy ? green : signal == Signal::sell ? red : dim; }

std::string age_text(Nanos event_ns, Nanos now_ns) {
  const double age_s = static_cast<double>(now_ns - event_ns) / 1e9;
  if (age_s < 0) return "0.0 s";
  if (age_s < 100) return fmt::format("{:.1f} s", age_s);
  if (age_s < 6'000) return fmt::format("{:.0f} min", age_s / 60);
  return age_s < 172'800 ? fmt::format("{:.0f} h", age_s / 3'600) : fmt::format("{:.0f} d", age_s / 86'400);
}

std::string board_line(const BoardLine& line, Nanos now_ns) {
  const auto* source = feeds::find_source(line.source);
  const std::string_view source_name = source != nullptr ? source->name : "?";
  if (!line.has_value) return fmt::format(" {:<12} {:<14} {}no price yet", line.symbol, source_name, dim);
  const Latest& latest = line.latest;
  const int decimals = decimals_of(latest);
  // Yahoo's prices are single-precision numbers with all their digits: eight decimals are enough to look at.
  const std::string price = latest.price_exponent < -8
                                ? number(to_double(Int128{latest.price_mantissa}, latest.price_exponent), 4)
                                : to_string(Int128{latest.price_mantissa}, latest.price_exponent);
  const std::string_view change_color = latest.change_pct > 0 ? green : latest.change_pct < 0 ? red : plain;
  const std::string change = std::isnan(latest.change_pct) ? "-" : fmt::format("{:+.3f}%", latest.change_pct);
  const std::string provisional =
      std::isnan(latest.provisional_rsi) ? "" : fmt::format("~{}", number(latest.provisional_rsi, 1));
  return fmt::format(" {:<12} {}{:<14}{} {:>14} {}{:>9}{} {:>6} {}{:>6}{} {:>13} {:>13}  {}{:<4}{} {:<8} {:>8}",
                     line.symbol, dim, source_name, plain, price, change_color, change, plain, number(latest.rsi, 1),
                     dim, provisional, plain, number(latest.bb_lower, decimals), number(latest.bb_upper, decimals),
                     color_of(latest.signal), to_string(latest.signal), plain, to_string(latest.trend),
                     age_text(latest.event_ns, now_ns));
}

std::string alert_line(const BoardAlert& entry) {
  const AlertRow& alert = entry.alert;
  return fmt::format(" {}{}{} {:<12} {:>5} s  {:<18} {}", yellow, format_utc(alert.bar_end_ns).substr(11, 8), plain,
                     entry.symbol, alert.interval_s, alert.rule, entry.message);
}

}  // namespace

bool terminal_can_show_view() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

// The alternate screen leaves what the user had on his screen as it was.
TerminalView::TerminalView() { standard_output().write("\x1b[?1049h\x1b[?25l\x1b[2J"); }
TerminalView::~TerminalView() { standard_output().write("\x1b[?25h\x1b[?1049l"); }

void TerminalView::note(const OperationsEvent& event) {
  const std::string_view color = event.severity == Severity::critical  ? red
                                 : event.severity == Severity::warning ? yellow
                                                                       : dim;
  messages_.push_back(
      fmt::format(" {}{} {}: {}", color, format_utc(event.time_ns).substr(11, 8), event.stage, event.text));
  if (messages_.size() > messages_max) messages_.pop_front();
}

void TerminalView::update_rates(const LaneStats& stats) {
  const Nanos now_ns = steady_now_ns();
  if (previous_.time_ns != 0 && now_ns - previous_.time_ns < nanos_per_second) return;
  if (previous_.time_ns != 0) {
    const double seconds = static_cast<double>(now_ns - previous_.time_ns) / 1e9;
    frames_per_s_ = static_cast<double>(stats.frames - previous_.frames) / seconds;
    ticks_per_s_ = static_cast<double>(stats.ticks - previous_.ticks) / seconds;
    rows_per_s_ = static_cast<double>(stats.rows_committed - previous_.rows) / seconds;
  }
  previous_ = {now_ns, stats.frames, stats.ticks, stats.rows_committed};
}

void TerminalView::draw(const LaneStats& stats, const Board& board) {
  if (!standard_output().is_idle()) return;  // a terminal that stands still: it gets the newest picture when it goes on
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0)
    size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  update_rates(stats);
  // The last row stays empty: a newline there would scroll.
  const std::string picture = render(stats, board, size.ws_row - 1U, size.ws_col, wall_now_ns());
  standard_output().write("\x1b[H" + picture + "\x1b[J");
}

std::string TerminalView::render(const LaneStats& stats, const Board& board, std::size_t rows, std::size_t columns,
                                 Nanos now_ns) {
  Canvas canvas(rows, columns);
  canvas.line(fmt::format("{}tapeline{}  lane {}  {:.0f} s  Ctrl-C ends it", bold, plain, stats.lane, stats.elapsed_s));
  canvas.line(fmt::format(
      " {:.0f} frames/s  {:.0f} ticks/s  {:.0f} rows/s   received to computed p50 {} p99 {}   committed p50 {} p99 {}",
      frames_per_s_, ticks_per_s_, rows_per_s_, duration_text(stats.latency_p50_ns),
      duration_text(stats.latency_p99_ns), duration_text(stats.commit_p50_ns), duration_text(stats.commit_p99_ns)));
  std::string queues = " queues";
  for (const LinkDepth& link : stats.links) queues += fmt::format("  {} {}/{}", link.name, link.depth, link.capacity);
  canvas.line(queues);
  std::string sinks = " sinks ";
  for (const SinkState& sink : stats.sinks) {
    sinks += fmt::format("  {} {}{}{}", sink.name, sink.is_healthy ? green : red, sink.state, plain);
  }
  canvas.line(sinks);
  for (const feeds::SourceStatus& source : stats.sources) {
    canvas.line(fmt::format(" source  {:<14} {}{}  {} frames  {} errors{}", source.name, source.state, dim,
                            count_text(source.frames), count_text(source.errors),
                            source.last_error.empty() ? "" : "  last: " + source.last_error));
  }
  canvas.line("");
  canvas.line(fmt::format("{} {:<12} {:<14} {:>14} {:>9} {:>6} {:>6} {:>13} {:>13}  {:<4} {:<8} {:>8}", bold, "symbol",
                          "source", "price", "change", "rsi", "~rsi", "lower band", "upper band", "sig", "trend",
                          "age"));
  const auto lines = board.lines();
  const std::size_t reserved = 2 + alerts_shown + messages_max;
  const std::size_t shown =
      std::min(lines.size(), canvas.room() > reserved ? canvas.room() - reserved : std::size_t{1});
  for (std::size_t i = 0; i < shown; ++i) canvas.line(board_line(lines[i], now_ns));
  if (shown < lines.size()) canvas.line(fmt::format(" {}and {} more", dim, lines.size() - shown));
  canvas.line(fmt::format("{} alerts {}{}  ticks {}  bars {}  rows committed {}  rejects {}  flags {}", bold, plain,
                          count_text(stats.alerts), count_text(stats.ticks), count_text(stats.bars),
                          count_text(stats.rows_committed), count_text(stats.rejects), count_text(stats.flags)));
  const auto alerts = board.alerts();
  for (std::size_t i = 0; i < std::min(alerts_shown, alerts.size()); ++i)
    canvas.line(alert_line(alerts[alerts.size() - 1 - i]));
  for (const std::string& message : messages_) canvas.line(message);
  return canvas.take();
}

}  // namespace tapeline::app
