// technicalindicators (npm), a close at a time: RSI(14) and Bollinger bands (20, 2), whose middle is the SMA.
//
// Usage     node technicalindicators.js PACKAGE: the folder that the package lies in
// Input     one line with all prices; then a line, whatever it says, for every further pass over them
// Output    a line "rsi middle upper lower" for each price, zeros until all are known; then the microseconds of each pass:
//           the processor's, as the other contenders' are, so that what else runs on the machine counts for nobody
const readline = require('readline');
const { RSI, BollingerBands } = require(process.argv[2]);

const rsi = new RSI({ period: 14, values: [] });
const bands = new BollingerBands({ period: 20, stdDev: 2, values: [] });
let prices;

function lineOf(price) {
  const index = rsi.nextValue(price);
  const band = bands.nextValue(price);
  return index === undefined || band === undefined ? '0 0 0 0\n' : `${index} ${band.middle} ${band.upper} ${band.lower}\n`;
}

function microsecondsOfAPass() {
  const began = process.cpuUsage();
  for (const price of prices) {
    rsi.nextValue(price);
    bands.nextValue(price);
  }
  const { user, system } = process.cpuUsage(began);
  return user + system;
}

// Ends when its input does: with the benchmark.
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  if (prices === undefined) {
    prices = line.trim().split(' ').map(Number);
    process.stdout.write(prices.map(lineOf).join(''));
  } else {
    process.stdout.write(`${microsecondsOfAPass()}\n`);
  }
});
