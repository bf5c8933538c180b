// Elements. Text reaches the page only as textContent, so nothing a person typed can become markup.

export function element(tag, { text, className, label, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  if (label) node.setAttribute("aria-label", label);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Change a text only where it differs, so that screen readers and selections are left in peace.
export function setText(node, text) {
  const wanted = text ?? "";
  if (node.textContent !== wanted) node.textContent = wanted;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// In a row that scrolls sideways, as on a phone, bring what was chosen into view.
export function reveal({ group, buttons }, chosen) {
  if (group.dataset.revealed === chosen || !buttons.has(chosen)) return;
  group.dataset.revealed = chosen;
  const [row, button] = [group, buttons.get(chosen)].map((node) => node.getBoundingClientRect());
  if (button.left < row.left || button.right > row.right) group.scrollLeft += button.left - row.left - (row.width - button.width) / 2;
}

// A row of buttons of which one is chosen; `choose(key)` marks it.
export function choice(options, onChoose, label) {
  const buttons = new Map();
  const group = element("div", { className: "sp-choice", role: "group", label });
  for (const { key, text, help } of options) {
    const button = element("button", { type: "button", text, title: help, onclick: () => onChoose(key) });
    buttons.set(key, button);
    group.append(button);
  }
  const choose = (chosen) => buttons.forEach((button, key) => setAttribute(button, "aria-pressed", String(key === chosen)));
  return { group, choose, buttons };
}
