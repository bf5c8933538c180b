// The fairness badge: how much of what must be equal is equal, and the proof one click away.

import { element, setAttribute, setText } from "../live/dom.js";
import { fill } from "../live/text.js";

export class Fairness {
  constructor(labels) {
    this.labels = labels;
    this.badge = element("span", { className: "sp-fair" });
    this.list = element("ul");
    this.summary = element("summary", {}, this.badge, element("span", { className: "sp-proof", text: labels.proof }));
    this.node = element("details", { className: "sp-fairness", hidden: true }, this.summary, element("div", { className: "sp-proof-sheet" }, element("p", { text: labels.proof_help }), this.list));
    this.drawn = "";
  }

  draw(fairness) {
    const stamp = JSON.stringify(fairness ?? null);
    if (stamp === this.drawn) return;
    this.drawn = stamp;
    const { matched = [], unmatched = [] } = fairness ?? {};
    const num = matched.length + unmatched.length;
    this.node.hidden = num === 0;
    if (!num) return;
    const { labels } = this;
    setText(this.badge, fill(unmatched.length ? labels.unfair : labels.fair, { count: matched.length, num }));
    setAttribute(this.node, "data-fair", String(unmatched.length === 0));
    this.list.replaceChildren(...unmatched.map((item) => this.item(item, false)), ...matched.map((item) => this.item(item, true)));
  }

  item({ title, why, hashes = [], notes = [] }, good) {
    return element(
      "li",
      { className: good ? "sp-matched" : "sp-unmatched" },
      element("b", { text: title }),
      element("span", { text: why || (good ? this.labels.equal : this.labels.unequal) }),
      ...notes.map((note) => element("span", { text: note })),
      ...byHash(hashes).map(([hash, runs]) => element("code", { text: `${hash.slice(0, 16)}  ${runs.join(", ")}`, title: hash })),
    );
  }
}

// Which runs have which hash: one line where all have the same.
function byHash(hashes) {
  const found = new Map();
  for (const { run, hash } of hashes) if (hash) found.set(hash, [...(found.get(hash) ?? []), run]);
  return found.size === 1 && hashes.length > 2 ? [[[...found.keys()][0], []]] : [...found];
}
