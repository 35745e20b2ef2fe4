#include "app/calendar/posix_rule.hpp"

#include <algorithm>
#include <charconv>

namespace tapeline::app {

/// Takes one piece after the other from the front of a rule; after the first that is wrong, nothing is right.
class PosixRule::Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool is_good() const noexcept { return is_good_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  /// Three letters or more, or anything in angle brackets.
  void name() {
    const bool is_quoted = rest_.starts_with('<');
    const auto is_of_name = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_of_name);
    const std::size_t length = is_quoted ? rest_.find('>') + 1 : static_cast<std::size_t>(end - rest_.begin());
    is_good_ = is_good_ && length >= 3;
    rest_.remove_prefix(std::min(length, rest_.size()));
  }
  /// [+-]hh[:mm[:ss]], in seconds.
  [[nodiscard]] std::int32_t time() {
    const std::int32_t sign = skip('-') ? -1 : 1;
    if (sign > 0) static_cast<void>(skip('+'));
    auto seconds = static_cast<std::int32_t>(number(0, 167)) * 3'600;
    if (skip(':')) seconds += static_cast<std::int32_t>(number(0, 59)) * 60;
    if (skip(':')) seconds += static_cast<std::int32_t>(number(0, 59));
    return sign * seconds;
  }
  /// ,Mm.w.d[/time]
  [[nodiscard]] Moment moment() {
    Moment moment;
    is_good_ = skip(',') && skip('M') && is_good_;
    moment.month = number(1, 12);
    is_good_ = skip('.') && is_good_;
    moment.week = number(1, 5);
    is_good_ = skip('.') && is_good_;
    moment.weekday = number(0, 6);
    if (skip('/')) moment.time_s = time();
    return moment;
  }
  [[nodiscard]] bool is_next(char c) const noexcept { return rest_.starts_with(c); }

 private:
  [[nodiscard]] bool skip(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] unsigned number(unsigned min, unsigned max) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    is_good_ = is_good_ && error == std::errc{} && value >= min && value <= max;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return is_good_ ? value : min;
  }

  std::string_view rest_;
  bool is_good_ = true;
};

std::optional<PosixRule> PosixRule::parse(std::string_view text) {
  constexpr std::int32_t hour_s = 3'600;
  Reader reader(text);
  PosixRule rule;
  reader.name();
  rule.standard_offset_s_ = -reader.time();  // POSIX counts to the west
  if (reader.is_good() && !reader.at_end()) {
    rule.has_summer_time_ = true;
    reader.name();
    rule.summer_offset_s_ = reader.is_next(',') ? rule.standard_offset_s_ + hour_s : -reader.time();
    rule.summer_begins_ = reader.moment();
    rule.summer_ends_ = reader.moment();
  }
  if (!reader.is_good() || !reader.at_end()) return std::nullopt;
  return rule;
}

std::array<OffsetChange, 2> PosixRule::changes_of(std::chrono::year year) const {
  const auto instant = [year](const Moment& moment, std::int32_t offset_s) -> Nanos {
    using namespace std::chrono;
    const auto month = year / static_cast<int>(moment.month);
    const weekday day(moment.weekday);
    const sys_days date = moment.week == 5 ? sys_days(month / day[last]) : sys_days(month / day[moment.week]);
    return nanoseconds(date.time_since_epoch() + seconds(moment.time_s - offset_s)).count();
  };
  const OffsetChange to_summer{instant(summer_begins_, standard_offset_s_), summer_offset_s_};
  const OffsetChange to_standard{instant(summer_ends_, summer_offset_s_), standard_offset_s_};
  if (to_summer.at_ns < to_standard.at_ns) return {to_summer, to_standard};
  return {to_standard, to_summer};  // south of the equator
}

}  // namespace tapeline::app
