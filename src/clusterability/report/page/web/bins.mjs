// Units that share a cell in the picture of a large matrix. Pure.

// Units of each bin, from the bins of units.
export function unitsOfBins(bins) {
  const found = [];
  bins.forEach((bin, unit) => { (found[bin] ||= []).push(unit); });
  return found;
}
// The commonest label of the units of each bin, the smallest of several; and the share of all units that have the
// label of their bin.
export function binLabels(labels, unitsOf) {
  const counts = unitsOf.map(units => {
    const found = new Map();
    for (const unit of units) found.set(labels[unit], (found.get(labels[unit]) || 0) + 1);
    return [...found].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
  });
  return {labels: Int16Array.from(counts, ([label]) => label), share: counts.reduce((sum, [, count]) => sum + count, 0) / labels.length};
}
