// The kernels over whole arrays: closes are read where NumPy has them, values written where it wants them.
//
// Threads   The interpreter's lock is released while they run; arrays must not be changed meanwhile.
#include "analysis/native/arrays.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <limits>
#include <span>
#include <stdexcept>

#include <nanobind/ndarray.h>

#include "analysis/native/closes.hpp"
#include "analysis/native/columns.hpp"
#include "analysis/native/rsi_array.hpp"
#include "analysis/native/window_array.hpp"
#include "core/base/exact_quotient.hpp"
#include "core/indicators/atr.hpp"
#include "core/indicators/bollinger.hpp"
#include "core/indicators/ema.hpp"
#include "core/indicators/macd.hpp"
#include "core/indicators/sma.hpp"
#include "core/indicators/volatility.hpp"

namespace tapeline::python {
namespace {

namespace nb = nanobind;

using Input = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Output = nb::ndarray<double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using InputTable = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using OutputTable = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

std::span<const double> view(const Input& array) { return {array.data(), array.size()}; }

/// Where the values go, which must be as many as the closes.
double* room(const Output& array, const Input& closes) {
  if (array.size() != closes.size()) throw std::invalid_argument("an output is not as long as the closes");
  return array.data();
}

/// The same, with the places before the first value filled.
double* begin_with_undefined(const Output& array, const Input& closes, std::size_t count) {
  double* const values = room(array, closes);
  std::fill_n(values, std::min(count, closes.size()), undefined);
  return values;
}

void sma(const Input& closes, std::uint32_t length, const Output& out) {
  const Sma checked(length);
  double* const values = begin_with_undefined(out, closes, length - 1);
  const nb::gil_scoped_release unlocked;
  run_window(view(closes), length,
             [=](std::size_t i, auto sum, double, auto, double unit) { values[i] = sma_of(sum, length, unit); });
}

void ema(const Input& closes, std::uint32_t length, const Output& out) {
  double* const values = room(out, closes);
  const nb::gil_scoped_release unlocked;
  run(view(closes), Ema(length),
      [values](std::size_t i, const Ema& kernel, double unit) { values[i] = kernel.value(unit).value_or(undefined); });
}

void rsi(const Input& closes, std::uint32_t length, double flat, const Output& out) {
  double* const values = room(out, closes);
  const nb::gil_scoped_release unlocked;
  run_rsi(view(closes), length, flat, values);
}

void volatility(const Input& closes, std::uint32_t length, const Output& out) {
  double* const values = room(out, closes);
  const nb::gil_scoped_release unlocked;
  run(view(closes), Volatility(length),
      [values](std::size_t i, const Volatility& kernel, double) { values[i] = kernel.value().value_or(undefined); });
}

void bollinger(const Input& closes, std::uint32_t length, double width, bool sample, const Output& mid,
               const Output& sigma, const Output& upper, const Output& lower, const Output& percent_b,
               const Output& bandwidth) {
  const Bollinger checked(length, width, sample ? Sigma::sample : Sigma::population);
  const double correction = sigma_correction(sample ? Sigma::sample : Sigma::population, length);
  double* const mids = begin_with_undefined(mid, closes, length - 1);
  double* const sigmas = begin_with_undefined(sigma, closes, length - 1);
  double* const uppers = begin_with_undefined(upper, closes, length - 1);
  double* const lowers = begin_with_undefined(lower, closes, length - 1);
  double* const percents = begin_with_undefined(percent_b, closes, length - 1);
  double* const bandwidths = begin_with_undefined(bandwidth, closes, length - 1);
  const nb::gil_scoped_release unlocked;
  run_window(view(closes), length, [=](std::size_t i, auto sum, double spread, auto newest, double unit) {
    const BollingerBands bands = bollinger_bands(sum, spread * correction, newest, length, width, unit);
    mids[i] = bands.mid;
    sigmas[i] = bands.sigma;
    uppers[i] = bands.upper;
    lowers[i] = bands.lower;
    percents[i] = bands.percent_b().value_or(undefined);
    bandwidths[i] = bands.bandwidth;
  });
}

/// The RSI on one thread, the bands on another; `mid` is the SMA of their length.
void rsi_and_bollinger(const Input& closes, std::uint32_t rsi_length, std::uint32_t length, double width,
                       const Output& rsi, const Output& mid, const Output& upper, const Output& lower) {
  const Rsi checked_rsi(rsi_length);
  const Bollinger checked(length, width);
  double* const rsis = room(rsi, closes);
  double* const mids = begin_with_undefined(mid, closes, length - 1);
  double* const uppers = begin_with_undefined(upper, closes, length - 1);
  double* const lowers = begin_with_undefined(lower, closes, length - 1);
  const nb::gil_scoped_release unlocked;
  // What it throws comes out of get().
  std::future<void> other = std::async(std::launch::async, run_rsi, view(closes), rsi_length, undefined, rsis);
  const auto put = [=](std::size_t i, auto sum, double spread, auto newest, double unit) {
    const BollingerBands bands = bollinger_bands(sum, spread, newest, length, width, unit);
    mids[i] = bands.mid;
    uppers[i] = bands.upper;
    lowers[i] = bands.lower;
  };
  const auto put_many = [=](std::size_t i, const double* sums, const double* squares, const std::int64_t* newest,
                            std::size_t count, double unit) {
    const ExactQuotient quotient(pack_of(static_cast<double>(length) * unit));
    std::size_t j = 0;
    for (; j + pack_size <= count; j += pack_size) {
      const Pack mid = quotient.of(load_pack(sums + j));
      const Pack band = pack_of(width) * quotient.of(square_root(load_pack(squares + j)));
      store_pack(mid, mids + i + j);
      store_pack(mid + band, uppers + i + j);
      store_pack(mid - band, lowers + i + j);
    }
    for (; j < count; ++j) put(i + j, sums[j], std::sqrt(squares[j]), static_cast<double>(newest[j]), unit);
  };
  run_window(view(closes), length, put_many, put);
  other.get();
}

/// The same of every column, on one thread.
void rsi_and_bollinger_of_columns(const InputTable& closes, std::uint32_t rsi_length, std::uint32_t length,
                                  double width, const OutputTable& rsi, const OutputTable& mid,
                                  const OutputTable& upper, const OutputTable& lower) {
  const Lanes lanes(rsi_length, length, width);
  const ClosesTable table{closes.data(), closes.shape(0), closes.shape(1)};
  std::array<double*, 4> outputs{};
  std::ranges::transform(std::array{&rsi, &mid, &upper, &lower}, outputs.begin(), [&](const OutputTable* output) {
    if (output->shape(0) != table.rows || output->shape(1) != table.columns) {
      throw std::invalid_argument("an output has not the shape of the closes");
    }
    return output->data();
  });
  const nb::gil_scoped_release unlocked;
  for (std::size_t first = 0; first < table.columns; first += Lanes::count) {
    const std::size_t wanted = std::min(Lanes::count, table.columns - first);
    ColumnsGroup(table, first, lanes).run([&](std::size_t row, std::size_t count, const auto& values) {
      for (std::size_t output = 0; output < outputs.size(); ++output) {
        for (std::size_t i = 0; i < count; ++i) {
          std::copy_n(values[output][i].begin(), wanted, outputs[output] + (row + i) * table.columns + first);
        }
      }
    });
  }
}

void macd(const Input& closes, std::uint32_t fast, std::uint32_t slow, std::uint32_t signal, const Output& line,
          const Output& signals, const Output& histogram) {
  double* const lines = room(line, closes);
  double* const averages = room(signals, closes);
  double* const differences = room(histogram, closes);
  const nb::gil_scoped_release unlocked;
  run(view(closes), Macd({.fast = fast, .slow = slow, .signal = signal}),
      [=](std::size_t i, const Macd& kernel, double unit) {
        const std::optional<MacdLines> value = kernel.value(unit);
        lines[i] = value ? value->line : undefined;
        averages[i] = value ? value->signal.value_or(undefined) : undefined;
        differences[i] = value ? value->histogram.value_or(undefined) : undefined;
      });
}

void atr(const Input& high, const Input& low, const Input& close, std::uint32_t length, const Output& out) {
  double* const values = room(out, close);
  if (high.size() != close.size() || low.size() != close.size()) {
    throw std::invalid_argument("high, low and close are not equally long");
  }
  const nb::gil_scoped_release unlocked;
  Atr kernel(length);
  Scale scale;
  for (std::size_t i = 0; i < close.size(); ++i) {
    const std::array<double, 3> prices{high.data()[i], low.data()[i], close.data()[i]};
    std::array<std::int64_t, 3> mantissas{};
    if (scale.read(prices, mantissas.data()) < prices.size()) {
      std::array<Decimal, 3> written;
      std::transform(prices.begin(), prices.end(), written.begin(), [i](double price) { return price_of(i, price); });
      const Decimal finest = *std::ranges::min_element(written, {}, &Decimal::exponent);
      // Once a bar: rescaling by 10 twice would round twice.
      if (scale.is_too_coarse_for(finest)) {
        scale.refine(i, finest, [&kernel](std::int64_t factor) {
          if (!kernel.fits({.price = factor})) return false;
          kernel.rescale({.price = factor});
          return true;
        });
      }
      for (std::size_t j = 0; j < written.size(); ++j) mantissas[j] = scale.mantissa(i, written[j]);
    }
    IndicatorBar bar;
    bar.high = mantissas[0];
    bar.low = mantissas[1];
    bar.close = mantissas[2];
    if (bar.low > bar.high) refuse(i, low.data()[i], "is a low above its high: exchange them, or drop the bar");
    kernel.update(bar);
    values[i] = kernel.value(scale.unit()).value_or(undefined);
  }
}

}  // namespace

void bind_arrays(nb::module_& module) {
  // An output that had to be converted would be a copy, and the values lost.
  const auto out = [](const char* name) { return nb::arg(name).noconvert(); };
  module.def("sma", &sma, nb::arg("closes"), nb::arg("length"), out("out"));
  module.def("ema", &ema, nb::arg("closes"), nb::arg("length"), out("out"));
  module.def("rsi", &rsi, nb::arg("closes"), nb::arg("length"), nb::arg("flat"), out("out"));
  module.def("volatility", &volatility, nb::arg("closes"), nb::arg("length"), out("out"));
  module.def("bollinger", &bollinger, nb::arg("closes"), nb::arg("length"), nb::arg("width"), nb::arg("sample"),
             out("mid"), out("sigma"), out("upper"), out("lower"), out("percent_b"), out("bandwidth"));
  module.def("rsi_and_bollinger", &rsi_and_bollinger, nb::arg("closes"), nb::arg("rsi_length"), nb::arg("length"),
             nb::arg("width"), out("rsi"), out("mid"), out("upper"), out("lower"));
  module.def("rsi_and_bollinger_of_columns", &rsi_and_bollinger_of_columns, nb::arg("closes"), nb::arg("rsi_length"),
             nb::arg("length"), nb::arg("width"), out("rsi"), out("mid"), out("upper"), out("lower"));
  module.def("macd", &macd, nb::arg("closes"), nb::arg("fast"), nb::arg("slow"), nb::arg("signal"), out("line"),
             out("signals"), out("histogram"));
  module.def("atr", &atr, nb::arg("high"), nb::arg("low"), nb::arg("close"), nb::arg("length"), out("out"));
}

}  // namespace tapeline::python
