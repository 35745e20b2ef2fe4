// Reads Alpha Vantage bodies: GLOBAL_QUOTE, TIME_SERIES_INTRADAY and TIME_SERIES_DAILY, as JSON or as CSV.
//
// Input     Frame::context is the native symbol ("IBM"); of `intraday` followed by a space and the seconds of a bar
//           ("IBM 300"). Where the context is empty, the symbol and the interval that the JSON body names are taken.
// Output    global_quote: one tick, price and the day's volume, stamped with the close of the latest trading day
//           (16:00 in New York), or with the time of receipt while that close is still to come.
//           intraday, daily: source_bars in ascending time, each stamped with its start; a day starts at 00:00 in New
//           York whatever its length there. A bar that had not ended when it was received is event_provisional;
//           event_backfilled: see mark_backfilled().
// Units     Stamps of the source are wall clock of the zone that "Meta Data" names, US/Eastern in CSV. An ambiguous
//           wall time is the earlier one; one that never was is a reject.
// Failure   A body with "Information", "Note" or "Error Message" is a refusal, whatever data stands beside it. Its
//           words may echo the API key: they are never passed on, each class has words of its own.
//           A body that is not whole gives one reject and none of its rows.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::alpha_vantage {

inline constexpr SourceCode code{1};

inline constexpr Channel global_quote = 1;
inline constexpr Channel intraday = 2;
inline constexpr Channel daily = 3;

/// Throws where the machine has no time zone data.
class Parser final : public WireParser {
 public:
  Parser();
  ~Parser() override;
  void parse(const Frame& frame, WireOutput& output) noexcept override;

 private:
  class Reader;  // keeps simdjson and the time zones out of this header
  std::unique_ptr<Reader> reader_;
};

}  // namespace tapeline::feeds::alpha_vantage
