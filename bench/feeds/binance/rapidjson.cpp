// rapidjson: a document of the whole message, its buffers reused; the numbers in strings by strtod.
#include <array>
#include <cstdlib>

#include <rapidjson/document.h>

#include "bench/feeds/binance/scenario.hpp"

namespace tapeline::bench::binance {
namespace {

void whole_document(benchmark::State& state) {
  std::array<char, 4'096> values;
  std::array<char, 1'024> stack;
  measure(state, [&](const Frame& frame) {
    rapidjson::MemoryPoolAllocator<> value_allocator(values.data(), values.size());
    rapidjson::MemoryPoolAllocator<> stack_allocator(stack.data(), stack.size());
    using Document = rapidjson::GenericDocument<rapidjson::UTF8<>, rapidjson::MemoryPoolAllocator<>,
                                                rapidjson::MemoryPoolAllocator<>>;
    Document document(&value_allocator, stack.size(), &stack_allocator);
    document.Parse(frame.payload.data(), frame.payload.size());
    const auto& data = document["data"];
    const auto& symbol = data["s"];
    // The text of the symbol lives in `values`: the same letters stand in the message.
    const std::string_view text(symbol.GetString(), symbol.GetStringLength());
    return Trade{frame.payload.substr(frame.payload.find(text), text.size()),
                 data["t"].GetUint64(),
                 data["T"].GetInt64(),
                 std::strtod(data["p"].GetString(), nullptr),
                 std::strtod(data["q"].GetString(), nullptr),
                 data["m"].GetBool()};
  });
}

BENCHMARK(whole_document)->Name("feeds/binance/trade/rapidjson");

}  // namespace
}  // namespace tapeline::bench::binance
