// The wall: everybody's newest run as a tile, fed by one socket; a press opens the run.

import { element, setText } from "../live/dom.js";
import { Connection } from "../live/socket.js";
import { palette } from "../live/theme.js";
import { Tile } from "./tile.js";

const PAUSE_MS = 450;
// In presentation mode: what a tile takes with the gap below it, how many stand beside each other, and up to how many of
// these have room for a word beside the number.
const [ROW_PX, FEWEST_COLUMNS, ROOMY_COLUMNS, MOST_COLUMNS] = [114, 3, 5, 9];

export class WallView {
  constructor(parent, data, look) {
    Object.assign(this, { parent, look, labels: data.labels, present: data.settings.present, tiles: new Map(), known: new Map(), drawnAt: -PAUSE_MS });
    this.banner = element("p", { className: "sp-banner", role: "status", hidden: true });
    this.empty = element("p", { className: "sp-hint", text: data.labels.empty });
    this.legend = element(
      "p",
      { className: "sp-wall-legend" },
      element("span", { className: "sp-thick", text: data.labels.validation }),
      element("span", { className: "sp-dashed", text: data.labels.training }),
    );
    this.list = element("div", { className: "sp-wall", role: "group", label: data.labels.wall });
    const className = data.settings.present ? "sp-live sp-class sp-present" : "sp-live sp-class";
    const sheets = data.css.map((href) => element("link", { rel: "stylesheet", href }));
    this.root = element("div", { className }, ...sheets, this.banner, this.empty, this.legend, this.list);
    parent.append(this.root);
    this.connection = new Connection({
      url: new URL(data.socket, window.location.href.replace(/^http/, "ws")).href,
      token: data.token,
      lang: data.lang,
      onStatus: (status) => this.say({ lost: this.labels.lost, expired: this.labels.expired, connected: "" }[status]),
    });
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.timer);
    this.connection.close();
    this.root.remove();
  }

  say(text) {
    setText(this.banner, text);
    this.banner.hidden = !text;
  }

  // Who has which run now: a tile stays as long as its run does.
  update(data) {
    this.palette = palette(this.parent, data.colors);
    this.known = new Map(data.tiles.map((tile) => [tile.run, tile]));
    for (const [run, tile] of this.tiles) {
      if (this.known.has(run)) continue;
      this.connection.unwatch(run);
      tile.node.remove();
      this.tiles.delete(run);
    }
    [...this.known.keys()].forEach((run, place) => {
      const tile = this.tiles.get(run) ?? this.added(run);
      if (this.list.children[place] !== tile.node) this.list.insertBefore(tile.node, this.list.children[place] ?? null);
    });
    this.empty.hidden = this.tiles.size > 0;
    this.legend.hidden = this.tiles.size === 0;
    this.draw();
  }

  // On a wall nobody scrolls: the fewest columns, so the largest tiles, with which all rows fit on the screen.
  fit() {
    const height = window.innerHeight - this.list.getBoundingClientRect().top;
    const rows = Math.max(1, Math.floor(height / ROW_PX));
    const columns = Math.min(MOST_COLUMNS, Math.max(FEWEST_COLUMNS, Math.ceil(this.tiles.size / rows)));
    this.list.style.setProperty("--sp-columns", columns);
    this.list.classList.toggle("sp-tight", columns > ROOMY_COLUMNS);
  }

  added(run) {
    const tile = new Tile(run, this.labels, (opened) => this.trigger("open", { run: opened }));
    this.tiles.set(run, tile);
    this.connection.watch(tile.data, () => this.schedule());
    return tile;
  }

  // News of many runs come one by one; they are drawn together, at most twice a second.
  schedule() {
    this.timer ??= setTimeout(() => this.draw(), Math.max(0, this.drawnAt + PAUSE_MS - performance.now()));
  }

  draw() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.gone) return;
    this.drawnAt = performance.now();
    if (this.present) this.fit();
    this.tiles.forEach((tile, run) => tile.draw(this.known.get(run), this.palette));
  }
}
