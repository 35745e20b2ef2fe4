#include "sinks/redis/encoder.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "core/base/decimal.hpp"
#include "core/base/json_text.hpp"

namespace tapeline::sinks::redis {
namespace {

// KEYS   stream, guard        ARGV   id, stream length, guard expiry, channel, message, then field and value in turn
constexpr std::string_view deliver_once = R"lua(
local function add(id)
  return redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], id, unpack(ARGV, 6))
end
local outcome = 1
local added = add(ARGV[1])
if type(added) == 'table' and added.err then
  if not string.find(added.err, 'equal or smaller', 1, true) then return added end
  if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) > 0 then return 0 end
  if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[3]) then return 0 end
  added = add('*')
  if type(added) == 'table' and added.err then
    redis.call('DEL', KEYS[2])
    return added
  end
  outcome = 2
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return outcome
)lua";

// KEYS   stream, guard        ARGV   stream length, guard expiry, channel, message, then field and value in turn
constexpr std::string_view deliver_unordered = R"lua(
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[2]) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 5))
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
)lua";

/// Shortest text that reads back as the same double; empty when undefined.
std::string number_text(double value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

std::string key(std::string_view symbol, std::string_view what) {
  std::string text(symbol);
  return text.append(":").append(what);
}

enum class Json : std::uint8_t { string, text, number };  // a text is the user's own and needs escapes

struct Field {
  std::string_view name;
  Json json;
  std::string value;
};

std::array<Field, 21> alert_fields(const AlertRow& alert, const AlertSubject& subject) {
  return {{
      {"alert_id", Json::string, alert_id(alert)},
      {"rule", Json::string, alert.rule},
      {"rule_version", Json::number, std::to_string(alert.rule_version)},
      {"severity", Json::string, to_string(alert.severity)},
      {"symbol", Json::string, std::string(subject.symbol)},
      {"source", Json::string, std::string(subject.source)},
      {"interval_s", Json::number, std::to_string(alert.interval_s)},
      {"bar_start", Json::string, format_utc(alert.bar_start_ns)},
      {"bar_end", Json::string, format_utc(alert.bar_end_ns)},
      {"signal", Json::string, to_string(alert.signal)},
      {"trend", Json::string, to_string(alert.trend)},
      {"close", Json::number, tapeline::to_string(Int128{alert.close_mantissa}, alert.price_exponent)},
      {"rsi", Json::number, number_text(alert.rsi)},
      {"sma", Json::number, number_text(alert.sma)},
      {"bb_upper", Json::number, number_text(alert.bb_upper)},
      {"bb_lower", Json::number, number_text(alert.bb_lower)},
      {"change_pct", Json::number, number_text(alert.change_pct)},
      {"volatility", Json::number, number_text(alert.volatility)},
      {"journal_position", Json::number, std::to_string(subject.position)},
      {"message", Json::text, alert_message(*subject.catalog, alert, subject.symbol)},
      {"evidence", Json::number, alert_evidence(*subject.catalog, alert)},
  }};
}

/// Symbols, names and rules are checked and need no escape; a message is what its author wrote.
std::string json_of(std::span<const Field> fields) {
  std::string json;
  for (const Field& field : fields) {
    json.append(json.empty() ? "{\"" : ",\"").append(field.name).append("\":");
    if (field.json == Json::string) {
      json.append("\"").append(field.value).append("\"");
    } else if (field.json == Json::text) {
      json.append(json_string(field.value));
    } else {
      json.append(field.value.empty() ? "null" : field.value);
    }
  }
  return json + "}";
}

}  // namespace

void encode_latest(std::string_view symbol, const Latest& latest, int expiry_s, Commands& commands) {
  const std::string expiry = std::to_string(expiry_s);
  const std::string price = tapeline::to_string(Int128{latest.price_mantissa}, latest.price_exponent);
  commands.add({"SET", key(symbol, "price"), price, "EX", expiry});
  if (const std::string rsi = number_text(latest.rsi); !rsi.empty()) {
    commands.add({"SET", key(symbol, "rsi"), rsi, "EX", expiry});
  } else {
    commands.add({"DEL", key(symbol, "rsi")});
  }
  const auto add_side = [&](const char* what, std::int64_t mantissa, std::int8_t exponent) {
    if (mantissa != 0)
      commands.add({"SET", key(symbol, what), tapeline::to_string(Int128{mantissa}, exponent), "EX", expiry});
  };
  add_side("bid", latest.bid_mantissa, latest.bid_exponent);
  add_side("ask", latest.ask_mantissa, latest.ask_exponent);
  commands.add({"SET", key(symbol, "signal"), to_string(latest.signal), "EX", expiry});
  commands.add({"SET", key(symbol, "trend"), to_string(latest.trend), "EX", expiry});
  commands.add({"HSET", market_data_key, symbol, price});
}

void encode_market_data_expiry(int expiry_s, Commands& commands) {
  commands.add({"EXPIRE", market_data_key, std::to_string(expiry_s)});
}

void encode_alert(const AlertRow& alert, const AlertSubject& subject, std::size_t stream_length_max,
                  Commands& commands) {
  const auto fields = alert_fields(alert, subject);
  const std::string message = json_of(fields);
  const std::string guard = "alert:" + fields.front().value;
  const std::string length_max = std::to_string(stream_length_max);
  const std::string guard_expiry = std::to_string(alert_guard_expiry_s);
  const std::string channel = std::string(alert_stream_key).append(":").append(subject.symbol);
  std::vector<std::string_view> words{"EVAL",     deliver_once, "2",     alert_stream_key, guard, fields.front().value,
                                      length_max, guard_expiry, channel, message};
  for (const Field& field : fields) {
    words.push_back(field.name);
    words.push_back(field.value);
  }
  commands.add(words);
}

void encode_job_alert(std::string_view id, std::string_view symbol, std::span<const std::string_view> fields,
                      std::string_view json, std::size_t stream_length_max, Commands& commands) {
  const std::string guard = std::string("alert:").append(id);
  const std::string length_max = std::to_string(stream_length_max);
  const std::string guard_expiry = std::to_string(alert_guard_expiry_s);
  const std::string channel = std::string(alert_stream_key).append(":").append(symbol);
  std::vector<std::string_view> words{"EVAL",       deliver_unordered, "2", alert_stream_key, guard, length_max,
                                      guard_expiry, channel,           json};
  words.insert(words.end(), fields.begin(), fields.end());
  commands.add(words);
}

std::string alert_id(const AlertRow& alert) {
  return std::to_string(alert.id_millis) + "-" + std::to_string(alert.id_sequence);
}

std::string alert_json(const AlertRow& alert, const AlertSubject& subject) {
  return json_of(alert_fields(alert, subject));
}

}  // namespace tapeline::sinks::redis
