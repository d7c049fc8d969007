// Elements of the page: every text goes in as text.

export const byId = id => document.getElementById(id);
export function make(tag, attributes, ...children) {
  const svg = ["svg", "path", "line", "circle", "rect", "text", "g", "polygon", "title"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null));
  return node;
}
