// Numbers and times as the page shows them.
export const number = (value, digits = 2) =>
  value === null || value === undefined ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/// Decimals that a price of this size is shown with: eight digits are as many as an eye can use.
export const decimals = (text) => {
  const point = text.indexOf(".");
  const written = point < 0 ? 0 : text.length - point - 1;
  const whole = Math.max(1, Math.ceil(Math.log10(Math.abs(Number(text)) || 1)));
  return Math.min(written, Math.max(2, 8 - whole));
};

/// A price as it was written, but for digits that no eye can use.
export const price = (text) => {
  const point = text.indexOf(".");
  return point < 0 || text.length - point - 1 <= decimals(text) ? text : Number(text).toFixed(decimals(text));
};

export const count = (value) => Number(value).toLocaleString("en");

export const signed = (value, digits = 2) => (value > 0 ? "+" : "") + number(value, digits);

export function age(ms) {
  if (!Number.isFinite(ms) || ms < 0) return "–";
  const s = ms / 1000;
  if (s < 1) return "now";
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

export const interval = (s) => (s % 86400 === 0 ? `${s / 86400}d` : s % 3600 === 0 ? `${s / 3600}h` : s % 60 === 0 ? `${s / 60}m` : `${s}s`);

export const clock = (ms) => new Date(ms).toISOString().slice(11, 19);

export const duration = (ns) =>
  ns < 1e3 ? `${ns} ns` : ns < 1e6 ? `${ns / 1e3} µs` : ns < 1e9 ? `${ns / 1e6} ms` : `${ns / 1e9} s`;

/// An element with a class and a text; text only, so that nothing a source says is ever markup.
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== "") made.textContent = text;
  return made;
}

/// Sets a text only where it changed: a table of a thousand symbols is drawn ten times a second.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
