// Below a table: its rows as a file, and how to load them in Python.

import {byId, make} from "./document.mjs";
import {csvOf} from "./rows.mjs";

const taken = new Map();

// What the buttons of a place give: `rows` is asked when they are wanted, in the order that is shown.
export function offer(id, {name, columns, rows, code, title = "Save rows as CSV"}) {
  taken.set(id, {name, columns, rows});
  const place = byId(id);
  if (!place.firstChild) {
    const button = make("button", {type: "button"});
    button.addEventListener("click", () => save(taken.get(id)));
    place.append(button, make("details", {}, make("summary", {}, "The same rows in Python"),
      make("pre", {tabindex: 0, class: "box"}, make("code", {}))));
  }
  place.querySelector("button").textContent = title;
  place.querySelector("details").hidden = !code;
  place.querySelector("code").textContent = code || "";
}
function save({name, columns, rows}) {
  saveFile(`${name}.csv`, new Blob([csvOf(columns, rows())], {type: "text/csv"}));
}
export function saveFile(name, content) {
  const address = URL.createObjectURL(content);
  make("a", {href: address, download: name.replace(/[^\w.-]+/g, "_")}).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}
