// Whether a network stands at a saddle: follows what is measured at one update, at the snapshots of the run, and while it
// trains.

import { Connected } from "../live/connected.js";
import { RunData } from "../live/run_data.js";
import { decoded } from "../live/wire.js";
import { Gauge } from "./gauge.js";
import { build } from "./layout.js";
import { Spectrum } from "./spectrum.js";
import { Trail } from "./trail.js";
import { GOING, gaugeWords, measuringWords, placeWords, stateOf, trailWords } from "./words.js";

const KEPT = {
  className: "sp-live sp-surface sp-saddle",
  remembered: "saddlepoint.saddle.view",
  defaults: { tab: "spectrum" },
};

export class SaddleView extends Connected {
  constructor(parent, data, look) {
    super(parent, data, look, KEPT);
    this.followed = new Map();
  }

  build() {
    return build(this.labels, this.settings, {
      change: (name, value) => this.change(name, value),
      press: (name) => this.press(name, name === "cut" ? { step: this.place.meta.step } : {}),
      stop: (name) => this.stop(name === "trail" ? this.trail : [this.place]),
    });
  }

  chartsFor(refresh) {
    const { plots } = this.parts;
    return { spectrum: new Spectrum(plots.spectrum, null, refresh), gauge: new Gauge(plots.gauge, null, refresh), trail: new Trail(plots.trail, null, refresh) };
  }

  // New data from Python: another run or update, the snapshots were asked for, or only another theme.
  update(data) {
    super.update(data);
    const wanted = [data.run, data.channel, ...data.trail].filter(Boolean);
    if (data.count !== this.count) this.drop((name) => name !== data.run);
    this.count = data.count;
    this.drop((name) => !wanted.includes(name));
    wanted.forEach((name) => this.follow(name));
    this.run = this.followed.get(data.run);
    this.place = data.channel ? this.followed.get(data.channel) : null;
    this.trail = data.trail.map((name) => this.followed.get(name));
    this.schedule(true);
  }

  follow(name) {
    if (this.followed.has(name)) return;
    const data = new RunData(name);
    this.followed.set(name, data);
    this.connection.watch(data, () => {
      unpack(data);
      this.schedule(false);
    });
  }

  drop(isLeft) {
    for (const name of [...this.followed.keys()].filter(isLeft)) {
      this.followed.delete(name);
      this.connection.unwatch(name);
    }
  }

  async stop(all) {
    const going = all.filter((data) => GOING.includes(stateOf(data)));
    const answers = await Promise.all(going.map(({ run }) => this.connection.command(run, "stop")));
    const refused = answers.find((answer) => answer?.type !== "received");
    if (refused !== undefined) this.complain(refused ? [refused.what, refused.why, refused.fix].join(" ") : this.labels.not_connected);
  }

  paint(context) {
    const { parts, view, labels, place, run, trail, charts } = this;
    const { found, facts } = place?.meta ?? {};
    parts.show(view, { ...placeWords(place, labels), gauge: gaugeWords(run, labels) }, measuringWords(place, labels), trailWords(trail, labels), context);
    const points = trail.filter(({ meta }) => meta.found).map(({ meta }) => ({ step: meta.step, found: meta.found }));
    const rows = run.rows?.curvature ?? 0;
    for (const [name, isThere] of Object.entries({ spectrum: found, gauge: rows, trail: points.length })) parts.plots[name].classList.toggle("sp-empty", !isThere);
    return this.drawChanged({
      ...(found && { spectrum: [parts.plots.spectrum, [place.run, place.version], () => charts.spectrum.drawSpectrum(found, facts)] }),
      ...(rows && { gauge: [parts.plots.gauge, [run.run, run.lineage, rows, run.meta.num_steps, run.meta.state], () => charts.gauge.drawRun(run)] }),
      ...(points.length && { trail: [parts.plots.trail, points.map(({ step }) => step), () => charts.trail.drawPoints(points.sort((a, b) => a.step - b.step))] }),
    });
  }
}

// The arrays of what was found, once.
function unpack(data) {
  if (data.meta.found?.spectrum && !data.meta.found.isUnpacked) data.meta.found = { ...decoded(data.meta.found), isUnpacked: true };
}
