// Rows for COPY, encoded and taken apart again by the rules of PostgreSQL's binary format.
#include "sinks/postgres/copy_encoder.hpp"

#include <cmath>
#include <vector>

#include "core/base/decimal.hpp"
#include "sinks/postgres/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace tapeline;
using fuzz::require;

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : bytes_(bytes) {}

  template <class Integer>
  [[nodiscard]] Integer integer() {
    const std::string_view taken = take(sizeof(Integer));
    std::uint64_t value = 0;
    for (const char c : taken) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<Integer>(value);
  }
  [[nodiscard]] std::string_view take(std::size_t size) {
    require(size <= bytes_.size(), "a field lies within the copy");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] bool is_over() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

/// Plain notation of a numeric field.
std::string numeric_text(std::string_view field) {
  Decoder decoder(field);
  const int count = decoder.integer<std::int16_t>();
  const int weight = decoder.integer<std::int16_t>();
  const int sign = decoder.integer<std::uint16_t>();
  const int scale = decoder.integer<std::int16_t>();
  std::vector<int> digits;
  for (int i = 0; i < count; ++i) digits.push_back(decoder.integer<std::int16_t>());
  require(decoder.is_over(), "a numeric has as many digits as it says");
  const auto digit = [&](int power) {  // of 10000^power
    const int at = weight - power;
    const int value = at >= 0 && at < count ? digits[static_cast<std::size_t>(at)] : 0;
    require(value >= 0 && value < 10'000, "a digit is below 10000");
    return value;
  };
  const auto four = [](int value) {
    const std::string text = std::to_string(value);
    return std::string(4 - text.size(), '0') + text;
  };
  std::string whole;
  for (int power = std::max(weight, 0); power >= 0; --power) whole += four(digit(power));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  std::string fraction;
  for (int power = -1; static_cast<int>(fraction.size()) < scale; --power) fraction += four(digit(power));
  require(static_cast<int>(fraction.find_last_not_of('0') + 1) <= scale ||
              fraction.find_last_not_of('0') == std::string::npos,
          "no digit lies beyond the scale");
  fraction.resize(static_cast<std::size_t>(scale));
  // Zeros at the end are the scale's, not the number's.
  while (fraction.ends_with('0')) fraction.pop_back();
  return (sign == 0x4000 ? "-" : "") + whole + (fraction.empty() ? "" : "." + fraction);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  sinks::postgres::CopyEncoder encoder;
  std::vector<std::string> expected;  // of each field; "\x01": NULL
  std::int16_t rows = 0;
  while (!input.empty() && rows < 100) {
    ++rows;
    encoder.begin_row(1);
    const auto kind = input.integer<std::uint8_t>() % 7;
    const auto big_endian = [](auto value) {
      std::string bytes;
      for (std::size_t i = sizeof value; i-- > 0;)
        bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
      return bytes;
    };
    switch (kind) {
      case 0:
        encoder.null();
        expected.emplace_back("\x01");
        break;
      case 1: {
        const auto value = input.integer<std::int64_t>();
        encoder.int8(value);
        expected.push_back("i" + big_endian(value));
        break;
      }
      case 2: {
        const auto value = input.integer<double>();
        encoder.float8(value);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        expected.push_back(std::isnan(value) ? "\x01" : "i" + big_endian(bits));
        break;
      }
      case 3: {
        const std::string_view text = input.bytes(input.integer<std::uint8_t>());
        encoder.text(text);
        expected.push_back("i" + sinks::postgres::storable_text(text));
        break;
      }
      case 4: {
        const auto time_ns = input.integer<std::int64_t>();
        encoder.timestamptz(time_ns);
        const std::int64_t us = time_ns / 1'000 - (time_ns % 1'000 < 0 ? 1 : 0);
        expected.push_back("i" + big_endian(us - 946'684'800'000'000));
        break;
      }
      case 5: {
        const auto value = input.integer<std::int16_t>();
        encoder.int2(value);
        expected.push_back("i" + big_endian(value));
        break;
      }
      default: {
        const auto high = input.integer<std::int64_t>();
        const auto low = input.integer<std::uint16_t>();
        const Int128 mantissa = static_cast<Int128>(high) * (low % 2 == 0 ? 1 : 1'000'000'007);
        const int exponent = -static_cast<int>(low / 2 % 31);
        encoder.numeric(mantissa, exponent);
        expected.push_back("n" + tapeline::to_string(mantissa, exponent));
      }
    }
  }
  require(encoder.rows() == static_cast<std::size_t>(rows), "rows are counted");
  Decoder decoder(encoder.finish());
  static_cast<void>(decoder.take(19));
  for (const std::string& field : expected) {
    require(decoder.integer<std::int16_t>() == 1, "a row has one field");
    const auto length = decoder.integer<std::int32_t>();
    if (length < 0) {
      require(field == "\x01", "only what is null is null");
      continue;
    }
    const std::string_view bytes = decoder.take(static_cast<std::size_t>(length));
    if (field[0] == 'i') require(bytes == std::string_view(field).substr(1), "a field is what was given");
    if (field[0] == 'n') require(numeric_text(bytes) == field.substr(1), "a numeric is exact");
  }
  require(decoder.integer<std::int16_t>() == -1 && decoder.is_over(), "the copy ends with its trailer");
  return 0;
}
