// Elements, made without markup: every text becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an HTML element.
 * @param {string} kind tag, with classes behind dots: "p.note.mark"
 * @param {Object} [attributes] `on…` functions listen, true gives an empty attribute, null, undefined
 *     and false none; an `href` may only lead to a place in this page
 * @param {...*} children nodes, texts, numbers, lists of these; null, undefined and false are left out
 * @returns {HTMLElement}
 */
export function element(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  return dress(made, attributes, children);
}

/** Makes an SVG element; arguments as those of `element`. */
export function drawing(kind, attributes = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const made = document.createElementNS(SVG, tag);
  if (classes.length) made.setAttribute("class", classes.join(" "));
  return dress(made, attributes, children);
}

/**
 * Markup that the server made (escaped text with MathML) as nodes. Only answers' `*_html` and
 * `html` fields may come here.
 * @param {string|null} html
 * @returns {DocumentFragment}
 */
export function markup(html) {
  const template = document.createElement("template");
  template.innerHTML = html ?? "";
  return template.content;
}

/** Replaces what a node holds; the element that had the keyboard's focus gets it again by its id. */
export function fill(node, ...children) {
  const held = node.contains(document.activeElement) ? document.activeElement.id : "";
  node.replaceChildren(...flat(children));
  if (held) document.getElementById(held)?.focus();
  return node;
}

function dress(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "href" && !String(value).startsWith("#")) throw new Error(`a link out: ${value}`);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...flat(children));
  return made;
}

function flat(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}
