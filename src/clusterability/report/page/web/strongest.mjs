// The strongest weights of a unit. Pure.

// Units at the other end of a unit's largest weights: the largest first, no zeros.
// Args: weights row by row, in steps of colour, `zero` for a weight of 0 and 2 * `zero` for the largest, or exact ones, with
// a `zero` of 0; shape; side and number of the unit; how many are wanted.
export function strongest(levels, {m, n}, side, unit, zero, count) {
  const found = [];
  for (let other = 0; other < (side === "u" ? n : m); other++) {
    const level = levels[side === "u" ? unit * n + other : other * n + unit] - zero;
    if (level && Math.abs(level) <= (zero || Infinity)) found.push({unit: other, level});
  }
  return found.sort((a, b) => Math.abs(b.level) - Math.abs(a.level) || a.unit - b.unit).slice(0, count);
}
