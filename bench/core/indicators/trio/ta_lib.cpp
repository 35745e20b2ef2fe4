// TA-Lib's C library, as its wheel on PyPI brings it: batch over an array, and its streaming calls.
//
// Input     TAPELINE_BENCH_TALIB: path of its shared object (./dev bench finds it). Without it these are skipped.
#include <cstdlib>

#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include "bench/core/indicators/trio/scenario.hpp"

namespace tapeline::bench::trio {
namespace {

class TaLib {
 public:
  struct Stream;
  int (*initialize)() = nullptr;
  int (*rsi)(int, int, const double*, int, int*, int*, double*) = nullptr;
  int (*bands)(int, int, const double*, int, double, double, int, int*, int*, double*, double*, double*) = nullptr;
  int (*rsi_open)(Stream**, const double*, int, int, double*) = nullptr;
  int (*rsi_update)(Stream*, double, double*) = nullptr;
  int (*bands_open)(Stream**, const double*, int, int, double, double, int, double*, double*, double*) = nullptr;
  int (*bands_update)(Stream*, double, double*, double*, double*) = nullptr;

  static const TaLib* instance() {
    static const TaLib* const loaded = [] {
      const char* path = std::getenv("TAPELINE_BENCH_TALIB");
      void* const handle = path != nullptr ? dlopen(path, RTLD_NOW) : nullptr;
      static TaLib library;
      const bool has_all = handle != nullptr && load(handle, "TA_Initialize", library.initialize) &&
                           load(handle, "TA_RSI", library.rsi) && load(handle, "TA_BBANDS", library.bands) &&
                           load(handle, "TA_RSI_Open", library.rsi_open) &&
                           load(handle, "TA_RSI_Update", library.rsi_update) &&
                           load(handle, "TA_BBANDS_Open", library.bands_open) &&
                           load(handle, "TA_BBANDS_Update", library.bands_update) && library.initialize() == 0;
      return has_all ? &library : nullptr;
    }();
    return loaded;
  }

 private:
  template <class Function>
  static bool load(void* handle, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(handle, name));
    return function != nullptr;
  }
};

constexpr const char* missing = "no TA-Lib: TAPELINE_BENCH_TALIB names its shared object";

/// The whole series at once.
class Batch {
 public:
  Batch() : rsi_(closes_count), upper_(closes_count), mid_(closes_count), lower_(closes_count) {}

  void compute(const TaLib& library, const double* series) {
    const int last = static_cast<int>(closes_count) - 1;
    library.rsi(0, last, series, rsi_length, &rsi_begin_, &count_, rsi_.data());
    library.bands(0, last, series, sma_length, width, width, 0, &bands_begin_, &count_, upper_.data(), mid_.data(),
                  lower_.data());
    benchmark::ClobberMemory();
  }
  [[nodiscard]] std::vector<Values> values() const {
    std::vector<Values> all;
    for (int i = 0; i < static_cast<int>(closes_count); ++i) {
      const bool is_known = i >= rsi_begin_ && i >= bands_begin_;
      const auto band = static_cast<std::size_t>(i - bands_begin_);
      all.push_back(is_known
                        ? Values{rsi_[static_cast<std::size_t>(i - rsi_begin_)], mid_[band], upper_[band], lower_[band]}
                        : Values{});
    }
    return all;
  }

 private:
  std::vector<double> rsi_, upper_, mid_, lower_;
  int rsi_begin_ = 0, bands_begin_ = 0, count_ = 0;
};

void batch_over_array(benchmark::State& state) {
  const TaLib* library = TaLib::instance();
  if (library == nullptr) return state.SkipWithError(missing);
  Batch batch;
  batch.compute(*library, prices().data());
  if (!are_right(batch.values())) return state.SkipWithError("the values are wrong");
  for (auto _ : state) batch.compute(*library, prices().data());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(closes_count));
}

void streaming(benchmark::State& state) {
  const TaLib* library = TaLib::instance();
  if (library == nullptr) return state.SkipWithError(missing);
  constexpr int history = 64;
  TaLib::Stream* rsi = nullptr;
  TaLib::Stream* bands = nullptr;
  Values now{};
  if (library->rsi_open(&rsi, prices().data(), history, rsi_length, &now.rsi) != 0 ||
      library->bands_open(&bands, prices().data(), history, sma_length, width, width, 0, &now.upper, &now.sma,
                          &now.lower) != 0) {
    return state.SkipWithError("TA-Lib refuses to stream");
  }
  const auto update = [&](double price) {
    library->rsi_update(rsi, price, &now.rsi);
    library->bands_update(bands, price, &now.upper, &now.sma, &now.lower);
  };
  std::vector<Values> values(history);
  for (std::size_t i = history; i < 10'000; ++i) {
    update(prices()[i]);
    values.push_back(now);
  }
  if (!are_right(values)) return state.SkipWithError("the values are wrong");
  for (auto _ : state) {
    for (const double price : prices()) {
      update(price);
      benchmark::DoNotOptimize(now);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(closes_count));
}

BENCHMARK(batch_over_array)->Name("core/indicators/trio/one/ta_lib_array");
BENCHMARK(streaming)->Name("core/indicators/trio/one/ta_lib_streaming");

}  // namespace
}  // namespace tapeline::bench::trio
