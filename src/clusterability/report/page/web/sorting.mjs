// The order of a table's rows. Pure.

// What a cell is sorted by: the number that its text begins with, or its words, or null if it is empty.
export function keyOf(text) {
  const plain = text.trim().replace(/\u2212/g, "-").replace(/ e(?=[-+]?\d)/, "e");
  if (plain === "" || plain === "\u2013" || plain === "NaN") return null;
  const number = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?(?![\w.])/i.exec(plain);
  return number ? Number(number[0]) : plain;
}

// The rows by their keys: numbers, then words, and last, in both directions, what has none.
export function sortedBy(rows, keys, down) {
  const kind = key => key === null ? 2 : typeof key === "number" ? 0 : 1, sign = down ? -1 : 1;
  const compare = (a, b) => kind(a) - kind(b) || (kind(a) === 0 ? sign * (a - b)
    : kind(a) === 1 ? sign * a.localeCompare(b, "en", {numeric: true}) : 0);
  return rows.map((row, at) => at).sort((a, b) => compare(keys[a], keys[b]) || a - b).map(at => rows[at]);
}
