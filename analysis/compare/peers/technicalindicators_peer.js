// technicalindicators (npm): {name: {close, high, low}} as JSON in, its columns out; they end with the series.
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

// node_modules lies in the build folder, beside the package.json that was copied there.
const installed = createRequire(path.join(process.argv[2], 'package.json'));
const ti = installed('technicalindicators');
const { version } = JSON.parse(fs.readFileSync(installed.resolve('technicalindicators/package.json')));

function columns({ close, high, low }) {
  const bands = ti.BollingerBands.calculate({ period: 20, stdDev: 2, values: close });
  // Its defaults would make simple averages of all three.
  const macd = ti.MACD.calculate({ values: close, fastPeriod: 12, slowPeriod: 26, signalPeriod: 9,
    SimpleMAOscillator: false, SimpleMASignal: false });
  return {
    rsi: ti.RSI.calculate({ period: 14, values: close }),
    sma: ti.SMA.calculate({ period: 20, values: close }),
    bb_mid: bands.map((b) => b.middle),
    bb_upper: bands.map((b) => b.upper),
    bb_lower: bands.map((b) => b.lower),
    bb_sigma: ti.SD.calculate({ period: 20, values: close }),
    ema: ti.EMA.calculate({ period: 20, values: close }),
    macd: macd.map((m) => m.MACD),
    macd_signal: macd.map((m) => m.signal),
    macd_histogram: macd.map((m) => m.histogram),
    atr: ti.ATR.calculate({ period: 14, high, low, close }),
  };
}

const found = {};
for (const [name, series] of Object.entries(JSON.parse(fs.readFileSync(0)))) {
  found[name] = {};
  for (const [column, values] of Object.entries(columns(series))) {
    const missing = new Array(series.close.length - values.length).fill(null);
    found[name][column] = missing.concat(values.map((x) => (x === undefined ? null : Number.isFinite(x) ? x : 'NaN')));
  }
}
process.stdout.write(JSON.stringify({ version, found }));
