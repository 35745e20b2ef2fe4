// Latest values and alerts as Redis commands: pure, no I/O.
//
//   values   SYMBOL:price (exact decimal), SYMBOL:rsi (shortest round trip), SYMBOL:signal, SYMBOL:trend, each with an
//            expiry; the hash market:data, symbol -> price, with the same expiry. An undefined RSI has no key.
//   alerts   the stream `alerts` under the alert's own id, and PUBLISH alerts:SYMBOL of the same as one JSON object,
//   both
//            or neither: one script, run whole by the server.
// Ordering  An alert that is there already changes nothing and is not published again. An id below the stream's newest
//           (clock stepped back, another lane) is stored under an id of the server's; a key of its own, kept for a
//           week, then stands for "is there".
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/model/update.hpp"
#include "core/stages/row_catalog.hpp"
#include "sinks/redis/commands.hpp"

namespace tapeline::sinks::redis {

inline constexpr std::string_view alert_stream_key = "alerts";
inline constexpr std::string_view market_data_key = "market:data";
inline constexpr int alert_guard_expiry_s = 7 * 24 * 3'600;

/// What the alert command answers.
enum class AlertOutcome : long long { repeated = 0, added = 1, added_late = 2 };

/// What an alert is about, beyond the row.
struct AlertSubject {
  std::string_view symbol;
  std::string_view source;
  JournalPosition position;
  const RowCatalog* catalog;
};

/// Commands for one instrument. Precondition: the symbol is acceptable.
void encode_latest(std::string_view symbol, const Latest& latest, int expiry_s, Commands& commands);

/// Closes a group of encode_latest(): the hash outlives its newest entry by `expiry_s`.
void encode_market_data_expiry(int expiry_s, Commands& commands);

/// One command; its reply is an AlertOutcome.
void encode_alert(const AlertRow& alert, const AlertSubject& subject, std::size_t stream_length_max,
                  Commands& commands);

/// "<milliseconds>-<sequence>".
/// An alert of a job: an entry of the stream and a message, once however often it is sent. `fields` are names and values
/// in turn, for the stream. The reply is 1, or 0 where it was there already.
void encode_job_alert(std::string_view id, std::string_view symbol, std::span<const std::string_view> fields,
                      std::string_view json, std::size_t stream_length_max, Commands& commands);

[[nodiscard]] std::string alert_id(const AlertRow& alert);

/// The alert as one JSON object; undefined numbers are null.
[[nodiscard]] std::string alert_json(const AlertRow& alert, const AlertSubject& subject);

}  // namespace tapeline::sinks::redis
