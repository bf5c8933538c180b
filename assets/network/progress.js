// What is being computed, how far it is, and the button that ends it or begins it anew.

import { element, setAttribute, setText } from "../live/dom.js";

const STAGES = [9, 17, 33, 65];
const GOING = ["queued", "running"];

// The pictures on the way to the one asked for.
export function stagesTo(resolution) {
  return STAGES.filter((side) => side <= resolution);
}

export class Progress {
  // `stop`: end what is going on; `again`: compute anew.
  constructor(labels, { stop, again }) {
    this.labels = labels;
    this.stages = element("span", { className: "sp-stages", label: labels.stages });
    this.bar = element("progress", { max: 1, value: 0, label: labels.progress });
    this.doing = element("span", { className: "sp-doing", role: "status" });
    this.stop = element("button", { type: "button", className: "sp-stop", text: labels.cancel, onclick: stop });
    this.again = element("button", { type: "button", className: "sp-anew", onclick: again });
    this.node = element("div", { className: "sp-refining" }, this.stages, this.bar, this.doing, this.stop, this.again);
  }

  // `resolution`: of the picture that is asked for, 0 for a line; `reached`: of the one that is drawn; `isGoingOn`:
  // whether the run trains, so that there may be more to show.
  draw({ meta, unknown }, resolution, reached, isGoingOn) {
    const { labels } = this;
    const state = unknown ? "unknown" : (meta.state ?? "queued");
    const isGoing = GOING.includes(state);
    const stages = stagesTo(resolution);
    const marks = stages.map((side) => element(side === reached ? "b" : "span", { text: String(side) }));
    const key = JSON.stringify([stages, reached]);
    if (this.key !== key) this.stages.replaceChildren(...marks);
    this.key = key;
    setAttribute(this.node, "data-state", state);
    this.bar.hidden = this.stop.hidden = !isGoing;
    this.bar.value = meta.progress ?? 0;
    this.stop.disabled = !isGoing || !meta.state;
    const said = { queued: meta.doing ?? labels.waiting, running: meta.doing, finished: "", stopped: labels.stopped, failed: meta.reason, unknown: labels.forgotten };
    setText(this.doing, said[state]);
    this.again.hidden = isGoing || (state === "finished" && !isGoingOn);
    setText(this.again, { finished: labels.with_news, stopped: labels.go_on }[state] ?? labels.again);
  }
}
