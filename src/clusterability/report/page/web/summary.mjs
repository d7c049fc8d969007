// Means over networks: rows of the table `summary`, from packed arrays. Pure.

// A row of a layer at one method, k and measure; z is against `null`, where there is one.
export function summaryRow(data, arrays, {condition, layer, method, k, measure, null: null_}) {
  const methods = Object.keys(data.methods);
  const cell = methods.indexOf(method) * data.k.length + data.k.indexOf(k), size = methods.length * data.k.length;
  const get = (name, row) => {
    const found = arrays[`${layer}/${name}`];
    return found && row >= 0 ? found[row * size + cell] : NaN;
  };
  const row = data.measures.findIndex(each => each.name === measure);
  const pair = data.pairs.findIndex(each => each[0] === measure && each[1] === null_);
  const [value, half] = [get("value", row), get("value_half", row)], [z, zHalf] = [get("z", pair), get("z_half", pair)];
  return {
    condition, layer, method, k, measure, null: pair < 0 ? "" : null_, n: get("n", row) || 0,
    value, value_low: value - half, value_high: value + half, z, z_low: z - zHalf, z_high: z + zHalf, q: get("q", pair),
  };
}

// Mean and interval that a row shows: of its value, or of its z.
export function shownOf(row, byZ) {
  return byZ ? {mean: row.z, low: row.z_low, high: row.z_high} : {mean: row.value, low: row.value_low, high: row.value_high};
}

// Whether all words of a text occur in the names.
export function matches(text, names) {
  const all = names.join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every(word => all.includes(word));
}

// Colour of a value, by levels with a colour below, between and above them.
export function levelColour(value, {levels, colours}) {
  return colours[levels.filter(level => level <= value).length];
}

// Colour of a value from the worst to the best one, by equal steps.
export function shareColour(value, worst, best, colours) {
  const share = best === worst ? 0.5 : (value - worst) / (best - worst);
  return colours[Math.max(0, Math.min(colours.length - 1, Math.floor(share * colours.length)))];
}

// Paths of a small line and of its interval, on a scale of its own: points have k, mean, low, high.
export function sparkPaths(points, [first, last], width, height) {
  const there = points.filter(each => Number.isFinite(each.mean)), reach = there.filter(each => Number.isFinite(each.low));
  const values = [...there.map(each => each.mean), ...reach.flatMap(each => [each.low, each.high])];
  const low = Math.min(...values), high = Math.max(...values), edge = 2;
  const x = k => first === last ? width / 2 : edge + (k - first) / (last - first) * (width - 2 * edge);
  const y = value => high === low ? height / 2 : height - edge - (value - low) / (high - low) * (height - 2 * edge);
  const path = (items, name) => items.map((each, at) => `${at ? "L" : "M"}${x(each.k).toFixed(1)},${y(each[name]).toFixed(1)}`).join("");
  return {
    line: path(there, "mean"),
    band: reach.length > 1 ? path(reach, "high") + path([...reach].reverse(), "low").replace("M", "L") + "Z" : "",
    dot: k => {
      const point = there.find(each => each.k === k);
      return point ? {cx: x(k), cy: y(point.mean)} : null;
    },
  };
}
