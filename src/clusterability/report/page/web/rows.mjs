// Rows to take away: as CSV, and the lines of Python that load the same from the study's tables. Pure.

// Rows of objects as CSV, numbers with the digits that the page has.
export function csvOf(columns, rows) {
  const field = value => {
    if (typeof value === "number") return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "";
    const text = String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows.map(row => columns.map(name => row[name]))].map(line => line.map(field).join(",") + "\n").join("");
}

// The folder of results that a page lies in; as it is usually called where it does not come from a disk.
export function resultsFolder({protocol, pathname}, usual = "results") {
  const folder = decodeURIComponent(pathname.slice(0, pathname.lastIndexOf("/")));
  return protocol === "file:" ? folder.replace(/^\/(?=[A-Za-z]:)/, "") : usual;
}

// A text, number or list as Python writes it.
export function python(value) {
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "string") return String(value);
  return /["\\\p{C}]/u.test(value) ? JSON.stringify(value) : `"${value}"`;
}

// Rows of a table of networks: columns to a value or to several.
export function scoresInPython(folder, wanted, table = "scores") {
  const filters = Object.entries(wanted).map(([name, value]) =>
    `("${name}", "${Array.isArray(value) ? "in" : "=="}", ${python(value)})`);
  return `import pandas as pd\nrows = pd.read_parquet(${python(`${folder}/tables/${table}.parquet`)}, filters=[${filters.join(", ")}])`;
}

const testsOf = wanted => Object.entries(wanted).map(([name, value]) => `rows["${name}"].isin(${python([value].flat())})`);

// Rows of the file that `clusterability score` wrote.
export function fileInPython(folder, file, wanted) {
  const path = python(`${folder}/${file}`), read = file.endsWith(".csv") ? `read_csv(${path}, dtype={"layer": str})` : `read_parquet(${path})`;
  return `import pandas as pd\nrows = pd.${read}\nrows = rows[${testsOf(wanted).join(" & ")}]`;
}

// Means over networks: as above, and only rows whose names have all words of a text.
export function summaryInPython(folder, wanted, text) {
  const tests = testsOf(wanted);
  const names = '(rows["condition"] + " " + rows["layer"] + " " + rows["method"])';
  const words = text.split(/\s+/).filter(word => word)
    .map(word => `${names}.str.contains(${python(word)}, case=False, regex=False)`);
  return `import pandas as pd\nrows = pd.read_csv(${python(folder + "/tables/summary.csv")}, dtype={"condition": str, "layer": str})\n`
    + `rows = rows[${[...tests, ...words].join(" & ")}]`;
}
