// Pure functions of the page's modules; test_page_template.py runs this.

import assert from "node:assert/strict";
import {test} from "node:test";
import {gzipSync} from "node:zlib";

const web = "../../../src/clusterability/report/page/web";
const {addressOf, chosenIn, completed, ksOf, methodsOf} = await import(`${web}/address.mjs`);
const {binLabels, unitsOfBins} = await import(`${web}/bins.mjs`);
const {drawsOf} = await import(`${web}/draws.mjs`);
const {percent, shortP, shortZ, significant, ticks} = await import(`${web}/numbers.mjs`);
const {csvOf, fileInPython, python, resultsFolder} = await import(`${web}/rows.mjs`);
const {keyOf, sortedBy} = await import(`${web}/sorting.mjs`);
const {levelColour, matches, shareColour, sparkPaths, summaryRow} = await import(`${web}/summary.mjs`);
const {unpacked} = await import(`${web}/unpacking.mjs`);

test("numbers have as many digits as asked for, and a minus sign", () => {
  assert.equal(significant(1234.56), "1235");
  assert.equal(significant(-0.00123456), "\u22120.001235");
  assert.equal(significant(1.5e-7, 3), "1.50 e\u22127");
  assert.equal(significant(0), "0");
  for (const value of [NaN, Infinity, undefined]) assert.equal(significant(value), "\u2013");
  assert.deepEqual([shortZ(-1.234), shortZ(123.4), shortP(0.01234), percent(-0.1234)],
    ["\u22121.23", "123", "0.012", "\u221212.3"]);
});

test("ticks are round, at least four, and inside", () => {
  for (const [low, high] of [[0, 1], [-3.2, 17], [1e-7, 2e-7], [999, 1001]]) {
    const {found} = ticks(low, high), step = found[1] - found[0], power = 10 ** Math.floor(Math.log10(step * 1.001));
    assert.ok(found.length >= 4 && found.length < 12);
    assert.ok(found[0] >= low - 1e-9 * step && found.at(-1) <= high + 1e-6 * step);
    assert.ok([1, 2, 5, 10].some(each => Math.abs(step / power - each) < 1e-6));
  }
});

test("packed arrays come out as they went in", async () => {
  // 1.5 as float32 is 3f c0 00 00, -2 is c0 00 00 00: first the highest bytes of both.
  const bytes = Buffer.from([0x21, 0x03, 0xff, 0x7f, 0x3f, 0xc0, 0xc0, 0, 0, 0, 0, 0, 0x01, 0xff, 0x02, 0xfe]);
  const layout = [["n", "nibbles", 3], ["b", "int8", 2], ["f", "float32", 2], ["h", "int16", 2]];
  const found = await unpacked(gzipSync(bytes).toString("base64"), layout);
  assert.deepEqual(Object.entries(found).map(([name, numbers]) => [name, [...numbers]]),
    [["n", [1, 2, 3]], ["b", [-1, 127]], ["f", [1.5, -2]], ["h", [258, -2]]]);
});

const data = {
  conditions: [
    {name: "a", layers: [{name: "fc1"}], networks: []},
    {name: "b", layers: [{name: "fc1"}, {name: "fc2"}], networks: [{seed: 0}, {seed: 7}]},
  ],
  methods: {matched: "", described: ""}, k: [2, 3, 5], nulls: ["shuffle"], ablations: ["zero", "mean"],
  probed_k: [2, 5], pairs: [["mi", "shuffle"], ["class_mi", "groups"]],
  measures: [{name: "mi", nulls: ["shuffle"]}, {name: "mi_preserved", nulls: []}, {name: "bits", nulls: []},
    {name: "class_mi", nulls: ["groups"], function: true}],
  start: {condition: "b", method: "described", k: 3, null: "shuffle", grid: "bits", grid_method: "described", grid_k: 3},
};

test("what an address leaves open or has wrong is what the page starts with", () => {
  const start = completed({}, data);
  assert.deepEqual([start.condition, start.seed, start.layer, start.method, start.k, start.measure],
    ["b", 0, "fc1", "described", 3, "mi_preserved"]);
  assert.deepEqual([start.grid, start.grid_by, start.grid_method, start.grid_k, start.find], ["bits", "mean", "described", 3, ""]);
  assert.deepEqual(completed({condition: "a", seed: "x", k: "4", layer: "<img>", method: "__proto__",
    grid_by: "shuffle", grid_k: 4}, data), start);
});

test("the overview offers a z only against a measure's own nulls, and what units do only where it was asked", () => {
  const of = wanted => {
    const {grid_by, grid_k} = completed(wanted, data);
    return [grid_by, grid_k];
  };
  assert.deepEqual(of({grid: "mi", grid_by: "shuffle", grid_k: "3"}), ["shuffle", 3]);
  assert.deepEqual(of({grid: "class_mi", grid_by: "groups", grid_k: "3"}), ["groups", 2]);
  assert.deepEqual(of({grid: "class_mi", grid_by: "shuffle", grid_k: "5"}), ["mean", 5]);
});

test("an address says the choice again", () => {
  const chosen = completed({seed: "7", layer: "fc2", k: "5", measure: "bits", order: "original", ablation: "mean"}, data);
  assert.deepEqual([chosen.seed, chosen.k], [7, 5]);
  assert.deepEqual(completed(chosenIn(addressOf(chosen)), data), chosen);
});

test("a cluster is one of the k that there are", () => {
  const of = wanted => completed(wanted, data).cluster;
  assert.deepEqual([{}, {cluster: ""}, {cluster: "3"}, {cluster: "2"}, {cluster: "4", k: "5"}, {cluster: "-1"}, {cluster: "0.5"}].map(of), ["", "", "", 2, 4, "", ""]);
});

test("the right pane is another condition or seed until it is chosen, and nothing without it", () => {
  const more = {...data, conditions: [...data.conditions, {name: "c", layers: [{name: "fc1"}], networks: [{seed: 7}]}]};
  const right = wanted => ["beside", "condition2", "seed2", "layer2", "method2", "k2", "arrange"].map(name => completed(wanted, more)[name]);
  assert.deepEqual(right({condition2: "b", arrange: "left"}), ["", "", "", "", "", "", ""]);
  assert.deepEqual(right({beside: "shuffle", k2: 5, arrange: "left"}), ["shuffle", "", "", "", "", "", "left"]);
  assert.deepEqual(right({beside: "other", seed: 7, layer: "fc2", k: 5}), ["other", "c", 7, "fc1", "described", 5, "own"]);
  assert.deepEqual(right({beside: "other", condition2: "b", k2: "2"}), ["other", "b", 7, "fc1", "described", 2, "own"]);
  assert.equal(completed({beside: "other"}, data).seed2, 7);
  const chosen = completed({beside: "other", condition: "c", condition2: "b", layer2: "fc2", method2: "matched", arrange: "right"}, more);
  assert.deepEqual(completed(chosenIn(addressOf(Object.entries(chosen).filter(([, value]) => value !== ""))), more), chosen);
});

const file = {...data, file: {rows: null}, methods: {matched: "", groups: "", "groups-ranked": ""}, k: [2, 3, 7], found_k: [2, 3], start: {...data.start, method: "matched"},
  conditions: [{name: "a", layers: [{name: "fc1", groups: [..."abcdefg"]}, {name: "fc2"}], networks: [{seed: -1}]}]};

test("known groups are a method of the layers that have some, with one number of clusters", () => {
  const [first, second] = file.conditions[0].layers;
  assert.deepEqual([methodsOf(file, first), methodsOf(file, second)], [["matched", "groups", "groups-ranked"], ["matched"]]);
  assert.deepEqual([ksOf(file, first, "groups-ranked"), ksOf(file, first, "matched"), ksOf(file, second, "groups")], [[7], [2, 3], []]);
  const of = wanted => ["layer", "method", "k"].map(name => completed(wanted, file)[name]);
  assert.deepEqual(of({method: "groups", k: 2}), ["fc1", "groups", 7]);
  assert.deepEqual(of({method: "matched", k: 7}), ["fc1", "matched", 3]);
  assert.deepEqual(of({layer: "fc2", method: "groups", k: 2}), ["fc2", "matched", 2]);
});

test("beside clusters of one file stand known groups, and beside these clusters", () => {
  const right = wanted => ["condition2", "seed2", "layer2", "method2", "k2"].map(name => completed({beside: "other", ...wanted}, file)[name]);
  assert.deepEqual(right({k: 2}), ["a", -1, "fc1", "groups", 7]);
  assert.deepEqual(right({method: "groups"}), ["a", -1, "fc1", "matched", 3]);
  assert.deepEqual(right({layer: "fc2", k: 2}), ["a", -1, "fc2", "matched", 2]);
  assert.deepEqual(right({k: 2, method2: "matched"}), ["a", -1, "fc1", "matched", 2]);
});

test("a bin has the commonest label of its units, the smallest of several", () => {
  const units = unitsOfBins(Uint16Array.from([1, 0, 1, 0, 1, 2, 2]));
  assert.deepEqual(units, [[1, 3], [0, 2, 4], [5, 6]]);
  const {labels, share} = binLabels(Int8Array.from([4, 3, -1, 2, 4, -1, -1]), units);
  assert.deepEqual([...labels], [2, 4, -1]);
  assert.equal(share, 5 / 7);
});

test("a row of the summary is found by its place in the packed arrays", () => {
  const size = 2 * 3, at = 1 * 3 + 2;  // method described, k = 5
  const arrays = Object.fromEntries(["n", "value", "value_half", "z", "z_half", "q"].map((name, number) =>
    [`fc2/${name}`, Float32Array.from({length: (number < 3 ? 4 : 2) * size}, (_, i) => 100 * number + i)]));
  const place = {condition: "b", layer: "fc2", method: "described", k: 5, measure: "class_mi", null: "groups"};
  const row = summaryRow(data, arrays, place);
  const [third, first] = [3 * size + at, size + at];
  assert.deepEqual(row, {...place, n: third, value: 100 + third, value_low: -100, value_high: 300 + 2 * third,
    z: 300 + first, z_low: -100, z_high: 700 + 2 * first, q: 500 + first});
  const without = summaryRow(data, arrays, {...place, measure: "bits"});
  assert.deepEqual([without.null, without.value, without.z, without.q], ["", 100 + 2 * size + at, NaN, NaN]);
  assert.ok(Number.isNaN(summaryRow(data, {}, place).value));
});

test("steps of draws become their values again", () => {
  const packed = {n: [2, 0, 3, 1], ends: [1, NaN, -1, 7, 3, NaN, 1, 7], first: [4, 255, 255, 0], steps: [0, 4, 0, 1, 3, 0]};
  assert.deepEqual(drawsOf(packed, 4), [{values: [1, 3], first: 3}, {values: [], first: NaN}, {values: [-1, -0.5, 1], first: NaN}, {values: [7], first: 7}]);
});

test("rows are sorted by number, then by words, and what is missing comes last", () => {
  const texts = ["fc10", "300 [200, 400]", "\u2013", "\u22124", "fc2", "1.0 e\u22125", "", "\u22121.5 e3", "3 \u00d7 2"];
  const keys = texts.map(keyOf);
  assert.deepEqual(keys, ["fc10", 300, null, -4, "fc2", 1e-5, null, -1500, 3]);
  const sorted = down => sortedBy(texts, keys, down);
  assert.deepEqual(sorted(false), [texts[7], texts[3], texts[5], texts[8], texts[1], "fc2", "fc10", "\u2013", ""]);
  assert.deepEqual(sorted(true), [texts[1], texts[8], texts[5], texts[3], texts[7], "fc10", "fc2", "\u2013", ""]);
  assert.equal(keyOf("4 output and 99 input units"), 4);
  assert.equal(keyOf("2nd"), "2nd");
});

test("a filter asks for all of its words", () => {
  const names = ["random_labels", "fc1", "described-ranked"];
  assert.ok(["", " ", "FC1", "fc1 rand", "ranked labels"].every(text => matches(text, names)));
  assert.ok(!matches("fc1 fc2", names));
});

test("colours change at the levels, and rise in equal steps otherwise", () => {
  const scale = {levels: [-20, 20], colours: ["low", "none", "high"]};
  assert.deepEqual([-21, -20, 0, 19.9, 20].map(value => levelColour(value, scale)), ["low", "none", "none", "none", "high"]);
  const share = (value, worst, best) => shareColour(value, worst, best, ["a", "b", "c", "d"]);
  assert.deepEqual([0, 0.3, 1].map(value => share(value, 0, 1)), ["a", "b", "d"]);
  assert.deepEqual([0, 0.9].map(value => share(value, 1, 0)), ["d", "a"]);
  assert.equal(share(5, 5, 5), "c");
});

test("a small line spans its box and skips what has no value", () => {
  const points = [{k: 2, mean: 0, low: -1, high: 1}, {k: 3, mean: NaN, low: NaN, high: NaN}, {k: 4, mean: 3, low: 2, high: 4}];
  const {line, band, dot} = sparkPaths(points, [2, 4], 24, 14);
  assert.equal(line, "M2.0,10.0L22.0,4.0");
  assert.equal(band, "M2.0,8.0L22.0,2.0L22.0,6.0L2.0,12.0Z");
  assert.deepEqual([dot(4), dot(3)], [{cx: 22, cy: 4}, null]);
  assert.equal(sparkPaths([], [2, 4], 24, 14).line, "");
});

test("rows as CSV have quotes where they need them, and nothing where there is no number", () => {
  const rows = [{a: 'x "y", z', b: 1 / 3, c: NaN}, {a: "", b: 1e-9, c: 7}, {a: "n\n", b: -0.5}];
  assert.equal(csvOf(["a", "b", "c"], rows), 'a,b,c\n"x ""y"", z",0.333333,\n,1e-9,7\n"n\n",-0.5,\n');
});

test("the lines of Python name the folder that the page lies in", () => {
  const at = address => resultsFolder(new URL(address));
  assert.equal(at("file:///home/me/my%20study/results/explore.html#k=4"), "/home/me/my study/results");
  assert.equal(at("file:///C:/study/explore.html"), "C:/study");
  assert.equal(at("https://example.org/a/explore.html"), "results");
  assert.equal(python(['a"b', "c\\d", 3, "\u00e4'"]), '["a\\"b", "c\\\\d", 3, "\u00e4\'"]');
});

test("rows of one file are loaded from where the page lies", () => {
  const wanted = {layer: "a \"b\"", k: 3, null: ["shuffle", "groups"]}, tests = 'rows = rows[rows["layer"].isin(["a \\"b\\""]) & rows["k"].isin([3]) & rows["null"].isin(["shuffle", "groups"])]';
  const folder = resultsFolder({protocol: "file:", pathname: "/home/me/page.html"}, ".");
  assert.equal(fileInPython(folder, "mine.csv", wanted), `import pandas as pd\nrows = pd.read_csv("/home/me/mine.csv", dtype={"layer": str})\n${tests}`);
  assert.equal(fileInPython(resultsFolder({protocol: "about:", pathname: "srcdoc"}, "."), "mine.parquet", wanted), `import pandas as pd\nrows = pd.read_parquet("./mine.parquet")\n${tests}`);
});
