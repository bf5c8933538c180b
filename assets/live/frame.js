// What the pictures of all pages have in common: their place on the page, their looks, what the browser remembers of them,
// and when they are drawn. A subclass builds the parts, makes the charts and draws them.

import { element, setText } from "./dom.js";
import { listen } from "./keyboard.js";
import { loadPlotly } from "./plot.js";
import { palette } from "./theme.js";

const NARROW_PX = 640;
const PAUSE_MS = 16;

export class Frame {
  // `className`: of the root; `remembered`: the key under which the browser keeps the view settings; `defaults`: what it
  // keeps, with its first values.
  constructor(parent, data, look, { className, remembered, defaults }) {
    Object.assign(this, { parent, look, settings: data.settings, labels: data.labels, remembered, defaults });
    this.view = { ...defaults, ...recalled(remembered), ...data.settings.view };
    this.drawn = {};
    this.busyUntil = 0;
    this.root = element("div", { className: this.settings.present ? `${className} sp-present` : className });
    const sheets = data.css.map((href) => element("link", { rel: "stylesheet", href }));
    const styled = sheets.map((sheet) => new Promise((resolve) => Object.assign(sheet, { onload: resolve, onerror: resolve })));
    this.parts = this.build();
    this.root.append(...sheets, ...this.parts.nodes);
    this.root.style.visibility = "hidden";
    parent.append(this.root);
    this.stopListening = listen(this.keys());
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.root);
    Promise.all([loadPlotly(data.plotly), ...styled]).then(
      ([Plotly]) => this.ready(Plotly),
      () => {
        this.root.style.visibility = "";
        this.complain(this.labels.not_loaded);
      },
    );
  }

  destroy() {
    this.gone = true;
    this.stopListening();
    this.observer.disconnect();
    Object.values(this.parts).forEach((part) => part?.clock?.stop());
    Object.values(this.charts ?? {}).forEach((chart) => chart.destroy());
    this.root.remove();
  }

  // What keys do, where they do something.
  keys() {
    const { toolbar } = this.parts;
    const leave = this.settings.present ? () => this.press("leave", {}) : null;
    return toolbar ? { startOrPause: () => toolbar.startOrPause(), oneUpdate: () => toolbar.oneUpdate(), leave } : { leave };
  }

  ready(Plotly) {
    if (this.gone) return;
    this.Plotly = Plotly;
    this.charts = this.chartsFor(() => this.schedule(true));
    this.root.style.visibility = "";
    this.resized();
    this.schedule(true);
  }

  // What every change of data or theme brings.
  update(data) {
    this.palette = palette(this.parent, data.colors);
  }

  // Ask Python for something.
  press(name, value) {
    this.trigger(name, value);
  }

  change(name, value) {
    this.view[name] = value;
    remember(this.remembered, Object.fromEntries(Object.keys(this.defaults).map((kept) => [kept, this.view[kept]])));
    this.schedule(true);
  }

  // Say above the picture what is wrong; an empty text takes it away.
  complain(text) {
    setText(this.parts.banner, text);
    this.parts.banner.hidden = !text;
  }

  resized() {
    const narrow = this.root.offsetWidth < NARROW_PX;
    if (narrow === this.narrow) return this.schedule(false);
    this.narrow = narrow;
    this.root.classList.toggle("sp-narrow", narrow);
    return this.schedule(true);
  }

  // Ask for a drawing in the next frame that is free; `all` also draws what has not changed.
  schedule(all) {
    if (all) this.drawn = {};
    if (this.waiting || !this.charts) return;
    this.waiting = true;
    const frame = () => requestAnimationFrame(() => this.draw());
    const pause = this.busyUntil - performance.now();
    if (pause > 4) setTimeout(frame, pause);
    else frame();
  }

  // What `paint` gave, undefined once the page was left.
  draw() {
    this.waiting = false;
    if (this.gone) return undefined;
    const begin = performance.now();
    const context = this.context();
    Object.values(this.charts).forEach((chart) => (chart.context = context));
    const painted = this.paint(context);
    this.busyUntil = performance.now() + Math.max(PAUSE_MS, (performance.now() - begin) / 2);
    return painted;
  }

  context() {
    const { labels, palette: colours, settings, narrow, Plotly } = this;
    const size = settings.present && !narrow ? 18 : narrow ? 12 : 13;
    return { labels, palette: colours, present: settings.present, narrow, Plotly, size };
  }

  // Draw what has changed and is visible; `jobs`: {name: [node, changes, drawing]}. What was drawn.
  drawChanged(jobs) {
    const drawings = [];
    for (const [name, [node, changes, drawing]] of Object.entries(jobs)) {
      const stamp = JSON.stringify(changes);
      if (this.drawn[name] === stamp || node.offsetParent === null) continue;
      this.drawn[name] = stamp;
      drawings.push(drawing());
    }
    return drawings.filter(Boolean);
  }
}

function recalled(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

function remember(key, view) {
  try {
    localStorage.setItem(key, JSON.stringify(view));
  } catch {
    // A browser that keeps nothing shows the defaults next time.
  }
}
