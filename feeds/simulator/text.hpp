// Numbers and strings as the sources write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapeline::feeds::simulator {

void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);

/// mantissa * 10^-decimals with exactly `shown` digits after the point ("61837.63000000").
/// Precondition: 0 <= decimals <= shown <= 18, and the result fits 64 bits as an integer.
void append_fixed(std::string& out, std::int64_t mantissa, int decimals, int shown);

/// The shortest text that reads back as `value`: "49251", "0.0869", and with an exponent below 1e-4 ("8.69e-05").
void append_double(std::string& out, double value);

/// A JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// `value` rounded to `decimals` digits after the point, trailing zeros dropped.
void append_rounded(std::string& out, double value, int decimals);

[[nodiscard]] std::string base64_of(std::string_view bytes);

}  // namespace tapeline::feeds::simulator
