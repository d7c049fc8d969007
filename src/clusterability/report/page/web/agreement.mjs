// How far two clusterings of the same units agree, and which clusters correspond. Pure.

// Counts of units by their clusters, of units that have one in both; a unit without has -1.
export function sharedCounts(left, right) {
  const rows = [...new Set(left)].filter(label => label >= 0).sort((a, b) => a - b);
  const columns = [...new Set(right)].filter(label => label >= 0).sort((a, b) => a - b);
  const counts = rows.map(() => columns.map(() => 0));
  left.forEach((label, unit) => {
    if (label >= 0 && right[unit] >= 0) counts[rows.indexOf(label)][columns.indexOf(right[unit])] += 1;
  });
  return {rows, columns, counts};
}

// Adjusted mutual information (Vinh et al. 2010), by the mean of both entropies: 1 for the same clusters,
// 0 on average for clusters of these sizes at random; NaN where no unit is in a cluster of both.
export function adjustedInformation(left, right) {
  const {counts} = sharedCounts(left, right);
  const sum = numbers => numbers.reduce((total, each) => total + each, 0);
  const a = counts.map(sum).filter(each => each > 0);
  const b = (counts[0] || []).map((_, column) => sum(counts.map(row => row[column]))).filter(each => each > 0);
  const n = sum(a);
  if (n === 0) return NaN;
  if (a.length === b.length && (a.length === 1 || a.length === n)) return 1;
  const entropy = sizes => -sum(sizes.map(size => size / n * Math.log(size / n)));
  const both = -sum(counts.flat().filter(each => each > 0).map(each => each / n * Math.log(each / n)));
  const found = entropy(a) + entropy(b) - both, chance = expectedInformation(a, b, n);
  const range = (entropy(a) + entropy(b)) / 2 - chance, least = Number.EPSILON;
  return (found - chance) / (range < 0 ? Math.min(range, -least) : Math.max(range, least));
}
// Mean mutual information, in nats, of two clusterings of these sizes whose units are permuted.
function expectedInformation(a, b, n) {
  const logs = new Float64Array(n + 1);  // of factorials
  for (let i = 2; i <= n; i++) logs[i] = logs[i - 1] + Math.log(i);
  let total = 0;
  for (const x of a) for (const y of b) for (let both = Math.max(1, x + y - n); both <= Math.min(x, y); both++) {
    const chance = logs[x] + logs[y] + logs[n - x] + logs[n - y] - logs[n] - logs[both] - logs[x - both] - logs[y - both] - logs[n - x - y + both];
    total += both / n * Math.log(n * both / (x * y)) * Math.exp(chance);
  }
  return total;
}

// The column of each row such that the counts in these places are most together, each column once;
// -1 for rows without one. By the Hungarian method, with potentials.
export function bestPairs(counts) {
  const size = Math.max(counts.length, ...counts.map(row => row.length), 0);
  const cost = (row, column) => -((counts[row] || [])[column] || 0);
  const ofRow = new Float64Array(size + 1), ofColumn = new Float64Array(size + 1), rowAt = new Int32Array(size + 1);
  for (let row = 1; row <= size; row++) {
    const least = new Float64Array(size + 1).fill(Infinity), before = new Int32Array(size + 1), seen = new Uint8Array(size + 1);
    let column = 0;
    rowAt[0] = row;
    do {
      seen[column] = 1;
      let step = Infinity, next = 0;
      for (let each = 1; each <= size; each++) {
        if (seen[each]) continue;
        const rest = cost(rowAt[column] - 1, each - 1) - ofRow[rowAt[column]] - ofColumn[each];
        if (rest < least[each]) { least[each] = rest; before[each] = column; }
        if (least[each] < step) { step = least[each]; next = each; }
      }
      for (let each = 0; each <= size; each++) {
        if (seen[each]) { ofRow[rowAt[each]] += step; ofColumn[each] -= step; } else least[each] -= step;
      }
      column = next;
    } while (rowAt[column] !== 0);
    for (; column; column = before[column]) rowAt[column] = rowAt[before[column]];
  }
  const found = counts.map(() => -1);
  for (let column = 1; column <= size; column++)
    if (rowAt[column] <= counts.length && column <= (counts[0] || []).length) found[rowAt[column] - 1] = column - 1;
  return found;
}

// The left cluster that each right one corresponds to, as a Map: as many units as possible are in both. Right
// clusters beyond these get the lowest numbers that are left. Sides are pairs of labels of the same units;
// `others` are labels of right units of any side.
export function counterparts(sides, others = []) {
  const join = at => sides.flatMap(side => Array.from(side[at]));
  const {rows, columns, counts} = sharedCounts(join(0), join(1)), found = new Map();
  bestPairs(counts).forEach((column, row) => { if (column >= 0) found.set(columns[column], rows[row]); });
  const taken = new Set(found.values());
  const rest = new Set([...columns, ...others].filter(label => label >= 0 && !found.has(label)));
  for (const label of [...rest].sort((a, b) => a - b)) {
    let free = 0;
    while (taken.has(free)) free += 1;
    taken.add(free);
    found.set(label, free);
  }
  return found;
}
