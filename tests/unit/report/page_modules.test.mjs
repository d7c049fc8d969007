// Pure functions of the page's modules; test_page_template.py runs this.

import assert from "node:assert/strict";
import {test} from "node:test";
import {gzipSync} from "node:zlib";

const web = "../../../src/clusterability/report/page/web";
const {addressOf, chosenIn, completed} = await import(`${web}/address.mjs`);
const {percent, shortP, shortZ, significant, ticks} = await import(`${web}/numbers.mjs`);
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
  measures: [{name: "mi"}, {name: "mi_preserved"}, {name: "bits"}],
  start: {condition: "b", method: "described", k: 3, null: "shuffle"},
};

test("what an address leaves open or has wrong is what the page starts with", () => {
  const start = completed({}, data);
  assert.deepEqual([start.condition, start.seed, start.layer, start.method, start.k, start.measure],
    ["b", 0, "fc1", "described", 3, "mi_preserved"]);
  assert.deepEqual(completed({condition: "a", seed: "x", k: "4", layer: "<img>", method: "__proto__"}, data), start);
});

test("an address says the choice again", () => {
  const chosen = completed({seed: "7", layer: "fc2", k: "5", measure: "bits", order: "original", ablation: "mean"}, data);
  assert.deepEqual([chosen.seed, chosen.k], [7, 5]);
  assert.deepEqual(completed(chosenIn(addressOf(chosen)), data), chosen);
});
