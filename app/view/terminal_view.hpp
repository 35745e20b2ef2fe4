// The live view of `tapeline run` in a terminal: redrawn a few times a second on the alternate screen.
//
// Threads   The control thread's alone.
// Input     lane statistics, the board, the newest messages of operations.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "app/lane_stats.hpp"
#include "app/view/board.hpp"
#include "core/runtime/operations.hpp"

namespace tapeline::app {

class TerminalView {
 public:
  TerminalView();
  ~TerminalView();
  TerminalView(const TerminalView&) = delete;
  TerminalView& operator=(const TerminalView&) = delete;

  void note(const OperationsEvent& event);
  void draw(const LaneStats& stats, const Board& board);

  /// The picture alone, `rows` by `columns`: what draw() puts on the screen.
  [[nodiscard]] std::string render(const LaneStats& stats, const Board& board, std::size_t rows, std::size_t columns,
                                   Nanos now_ns);

 private:
  struct Rates {
    Nanos time_ns = 0;
    std::uint64_t frames = 0, ticks = 0, rows = 0;
  };
  void update_rates(const LaneStats& stats);

  std::deque<std::string> messages_;
  Rates previous_;
  double frames_per_s_ = 0, ticks_per_s_ = 0, rows_per_s_ = 0;
};

/// Whether standard output is a terminal that can show the view.
[[nodiscard]] bool terminal_can_show_view();

}  // namespace tapeline::app
