// Tables whose columns sort their rows: a click on a column's name, or Enter.

import {make} from "./document.mjs";
import {keyOf, sortedBy} from "./sorting.mjs";

const orders = new Map();

// Makes a table sortable; a table of the same name keeps its order when it is drawn again. Rows
// stay within their body, and rows of the class `heading` stay first in it.
export function sortable(name, table) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
  for (const body of table.tBodies) [...body.rows].forEach((row, at) => { row.dataset.at = at; });
  heads.forEach((head, column) => {
    if (!head.textContent.trim()) return;
    const button = make("button", {type: "button", class: "sort"}, ...head.childNodes);
    button.addEventListener("click", () => {
      orders.set(name, next(orders.get(name), column, table));
      sort(table, heads, orders.get(name));
    });
    head.append(button);
  });
  sort(table, heads, orders.get(name));
  return table;
}
// Numbers from the largest on first, words from A on; then the other way; then as they were.
function next(order, column, table) {
  const keys = [...table.tBodies].flatMap(body => cellKeys(body, column)), first = keys.some(key => typeof key === "number");
  if (!order || order.column !== column) return {column, down: first};
  return order.down === first ? {column, down: !first} : undefined;
}
const movable = body => [...body.rows].filter(row => !row.classList.contains("heading"));
function cellKeys(body, column) {
  return movable(body).map(row => {
    const cell = row.cells[column];
    return cell ? keyOf("sort" in cell.dataset ? cell.dataset.sort : cell.textContent) : null;
  });
}
function sort(table, heads, order) {
  for (const [column, head] of heads.entries()) {
    if (order && order.column === column) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  for (const body of table.tBodies) {
    const rows = movable(body).sort((a, b) => a.dataset.at - b.dataset.at);
    body.append(...rows);
    if (order) body.append(...sortedBy(rows, cellKeys(body, order.column), order.down));
  }
}
