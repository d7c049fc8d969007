// Which cluster of another network corresponds to one, and how well. Pure.

import {sharedCounts} from "./agreement.mjs";

// The cluster that shares most units with one of the left clusters, by the Jaccard index: units in both over units
// in either, of those that are in some cluster of both networks. `chance` is the index of sets of these sizes that share
// as many units as random ones do on average. Sides are pairs of labels of the same units. Null where
// the cluster has no such unit.
export function bestByUnits(sides, label) {
  const join = at => sides.flatMap(side => Array.from(side[at]));
  const {rows, columns, counts} = sharedCounts(join(0), join(1)), own = counts[rows.indexOf(label)];
  const sum = numbers => numbers.reduce((total, each) => total + each, 0);
  if (!own || !sum(own)) return null;
  const size = sum(own), all = sum(counts.map(sum)), index = (both, other) => both / (size + other - both);
  const found = columns.map((column, at) => {
    const other = sum(counts.map(row => row[at]));
    return {label: column, value: index(own[at], other), chance: index(size * other / all, other)};
  });
  return best(found);
}
// The one whose profile correlates most with a profile; `others` are pairs of a label and a profile. Null where no
// correlation is defined.
export function bestByProfile(profile, others) {
  return best(others.map(([label, other]) => ({label, value: correlation(profile, other)})).filter(({value}) => Number.isFinite(value)));
}
const best = found => found.length ? found.reduce((a, b) => b.value > a.value ? b : a) : null;
// Pearson's correlation of the entries that are numbers in both; NaN for fewer than three, or where all are equal.
export function correlation(one, other) {
  const pairs = one.map((value, at) => [value, other[at]]).filter(pair => pair.every(Number.isFinite)), n = pairs.length;
  if (n < 3) return NaN;
  const mean = at => pairs.reduce((sum, pair) => sum + pair[at], 0) / n, means = [mean(0), mean(1)];
  const product = (a, b) => pairs.reduce((sum, pair) => sum + (pair[a] - means[a]) * (pair[b] - means[b]), 0);
  const spread = Math.sqrt(product(0, 0) * product(1, 1));
  return spread > 0 ? product(0, 1) / spread : NaN;
}
