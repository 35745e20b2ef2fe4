#include "feeds/alpha_vantage/wire_label.hpp"

#include <algorithm>

#include "feeds/alpha_vantage/wire_time.hpp"

namespace tapeline::feeds::alpha_vantage {
namespace {

constexpr std::size_t year_bytes = 4;
constexpr std::string_view first_year_of_starts = "2022";

}  // namespace

void LabelEvidence::see(std::string_view stamp) noexcept {
  if (stamp.size() != stamp_bytes) return;
  const std::string_view time = stamp.substr(date_bytes + 1);
  has_first_start_ = has_first_start_ || time == "04:00:00";
  has_last_end_ = has_last_end_ || time == "20:00:00";
  newest_year_ = std::max(newest_year_, stamp.substr(0, year_bytes));
}

BarLabel LabelEvidence::label() const noexcept {
  if (has_first_start_ != has_last_end_) return has_last_end_ ? BarLabel::end : BarLabel::start;
  return !newest_year_.empty() && newest_year_ < first_year_of_starts ? BarLabel::end : BarLabel::start;
}

}  // namespace tapeline::feeds::alpha_vantage
