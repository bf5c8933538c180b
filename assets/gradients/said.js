// A sentence for each network, in its colour, with its rule and numbers one click away.

import { element } from "../live/dom.js";

// `sentences`: [{slot, name, text, alarm: whether something is wrong, rules: [text], numbers: [[label, value]]}]
export function said(node, sentences, palette, labels) {
  const stamp = JSON.stringify([sentences, palette.dark]);
  if (node.dataset.stamp === stamp) return;
  node.dataset.stamp = stamp;
  const open = [...node.querySelectorAll("details")].map((details) => details.open);
  node.replaceChildren(...sentences.map((sentence, place) => row(sentence, palette, labels, open[place])));
}

function row({ slot, name, text, alarm, rules, numbers }, palette, labels, isOpen) {
  const mark = element("span", { className: "sp-mark", text: palette.glyph(slot), "aria-hidden": "true" });
  mark.style.color = palette.run(slot);
  const words = element("p", { className: alarm ? "sp-sentence sp-alarm" : "sp-sentence" }, mark, element("b", { text: name }), ` ${text}`);
  if (!rules.length && !numbers.length) return element("div", {}, words);
  const list = element("dl", {}, ...numbers.map(([label, value]) => element("div", {}, element("dt", { text: label }), element("dd", { text: value }))));
  const details = element("details", { className: "sp-rule", open: isOpen }, element("summary", { text: labels.rule }), ...rules.map((rule) => element("p", { className: "sp-hint", text: rule })), list);
  return element("div", {}, words, details);
}
