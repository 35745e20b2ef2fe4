// Reads messages of Yahoo's streamer: base64 of a protobuf (pricing.proto), in JSON (version 2) or bare (version 1).
//
// Output    One tick: a snapshot every few seconds, no trade, so that its size is zero. Its price is the float32 without
//           the noise (wire_price.hpp). Messages of another type than "pricing" are ignored by their name.
// Failure   What is no whole message of this kind gives one reject.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/stages/wire_parser.hpp"
#include "feeds/wire_fields.hpp"

namespace tapeline::feeds::yahoo {

class PricingData;  // pricing.pb.h

/// False where it is no base64, or not of a whole PricingData.
[[nodiscard]] bool unpack_pricing(std::string_view base64, PricingData& pricing);

class StreamerReader {
 public:
  StreamerReader();
  ~StreamerReader();
  /// `text` keeps what the events point to.
  void read(const Frame& frame, WireText& text, WireOutput& output) noexcept;

 private:
  class State;  // keeps simdjson and protobuf out of this header
  std::unique_ptr<State> state_;
};

}  // namespace tapeline::feeds::yahoo
