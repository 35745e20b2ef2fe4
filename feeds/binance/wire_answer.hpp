// Reads the trades of Binance's REST interface, historical and aggregate ones.
#pragma once

#include <memory>

#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds::binance {

class AnswerReader {
 public:
  AnswerReader();
  ~AnswerReader();
  void read(const Frame& frame, WireOutput& output) noexcept;

 private:
  class Reader;  // keeps simdjson out of this header
  std::unique_ptr<Reader> reader_;
};

}  // namespace tapeline::feeds::binance
