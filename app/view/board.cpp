#include "app/view/board.hpp"

namespace tapeline::app {

void Board::set_instrument(InstrumentIndex instrument, SourceCode source, const InstrumentRow& names) {
  const std::lock_guard lock(mutex_);
  if (lines_.size() <= instrument) lines_.resize(instrument + 1);
  lines_[instrument].symbol = names.symbol;
  lines_[instrument].source = source;
}

void Board::set_latest(InstrumentIndex instrument, const Latest& latest) {
  const std::lock_guard lock(mutex_);
  if (instrument >= lines_.size()) return;
  lines_[instrument].latest = latest;
  lines_[instrument].has_value = true;
  lines_[instrument].version = ++version_;
}

void Board::add_alert(InstrumentIndex instrument, const AlertRow& alert, const RowCatalog& catalog) {
  const std::lock_guard lock(mutex_);
  const std::string symbol = instrument < lines_.size() ? lines_[instrument].symbol : "?";
  alerts_.push_back({symbol, alert, alert_message(catalog, alert, symbol)});
  if (alerts_.size() > alerts_max) alerts_.pop_front();
  ++alert_count_;
}

std::vector<BoardLine> Board::lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::vector<std::pair<std::size_t, BoardLine>> Board::changes_since(std::uint64_t& version) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::size_t, BoardLine>> changed;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].has_value && lines_[i].version > version) changed.emplace_back(i, lines_[i]);
  }
  version = version_;
  return changed;
}

std::vector<BoardAlert> Board::alerts() const {
  const std::lock_guard lock(mutex_);
  return {alerts_.begin(), alerts_.end()};
}

std::uint64_t Board::alert_count() const {
  const std::lock_guard lock(mutex_);
  return alert_count_;
}

}  // namespace tapeline::app
