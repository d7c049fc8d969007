// Single draws of a null, in steps between the smallest and the largest one. Pure.

// Values of each entry in ascending order, and that of the draw of number 0, NaN where it has none.
export function drawsOf({n, ends, first, steps}, levels) {
  let start = 0;
  return Array.from(n, (count, entry) => {
    const low = ends[entry], high = ends[n.length + entry], value = code => low + code / levels * (high - low), values = [];
    let code = 0;
    for (let draw = 0; draw < count; draw++) {
      code += steps[start + draw];
      values.push(value(code));
    }
    start += count;
    return {values, first: count && first[entry] <= levels ? value(first[entry]) : NaN};
  });
}
