// Numbers in words and texts: no document, no state.

export const minus = text => text.replace("-", "\u2212");
export const known = value => value !== undefined && Number.isFinite(value);
export function significant(value, digits = 4) {
  if (!known(value)) return "\u2013";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e6) return minus(value.toExponential(digits - 1)).replace("e", " e");
  return minus(Number(value.toPrecision(digits)) + "" === "0" ? "0" : value.toPrecision(digits));
}
// A number to so many digits, without zeros at its end.
export const plain = (value, digits = 7) => known(value) ? minus(String(Number(value.toPrecision(digits)))) : "\u2013";
export function shortZ(z) {
  return known(z) ? minus(Math.abs(z) >= 100 ? z.toFixed(0) : z.toFixed(2)) : "\u2013";
}
export const shortP = p => known(p) ? p.toPrecision(2) : "\u2013";
export const percent = (share, digits = 1) => known(share) ? minus((100 * share).toFixed(digits)) : "\u2013";
export const sentence = text => text[0].toUpperCase() + text.slice(1) + ".";
export const direction = measure => measure.direction > 0 ? "higher is better" : measure.direction < 0 ? "lower is better" : "neither direction is better";
export function ticks(low, high) {
  // The largest of these steps of which at least four fit.
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const step = [5, 2, 1].map(each => each * power).find(each => each <= rough * (1 + 1e-9));
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) found.push(at * step);
  return {found, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9))};
}
