// A Plotly chart that is drawn again and again on the same node, keeping the person's zoom and hidden traces.

import { setAttribute } from "./dom.js";

const CJK = '"Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei"';
let loading = null;

export function loadPlotly(url) {
  if (window.Plotly?.react) return Promise.resolve(window.Plotly);
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = null;
      reject(new Error(url));
    };
    document.head.append(script);
  });
  return loading;
}

const pen = document.createElement("canvas").getContext("2d");

// The width of the widest of some texts, in pixels.
export function widest(texts, { size, palette }) {
  pen.font = `${size}px ${palette.font}`;
  return texts.reduce((width, text) => Math.max(width, pen.measureText(text).width), 0);
}

// A text that is at most `room` pixels wide: its beginning, where it is longer.
export function fitted(text, room, context) {
  let shown = text;
  for (let length = text.length - 1; length > 0 && widest([shown], context) > room; length -= 1) shown = `${text.slice(0, length)}…`;
  return shown;
}

export class Chart {
  // `context` has Plotly, palette, labels, size (of letters, px); `refresh` asks for a new drawing.
  constructor(node, context, refresh) {
    this.node = node;
    this.context = context;
    this.refresh = refresh;
    this.zoom = {};
    this.revision = 0;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(node);
    node.setAttribute("role", "img");
  }

  draw(traces, layout, summary) {
    const { Plotly, palette, size } = this.context;
    const axis = (name) => this.axis(layout[name], name);
    const axes = Object.fromEntries(Object.keys(layout).filter((name) => /^[xy]axis/.test(name)).map((name) => [name, axis(name)]));
    const full = {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: `${palette.font}, ${CJK}`, size, color: palette.text },
      hoverlabel: { font: { size } },
      showlegend: false,
      uirevision: this.revision,
      hovermode: "closest",
      dragmode: "zoom",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: palette.muted, activecolor: palette.text },
      ...layout,
      ...axes,
      margin: this.margin(layout),
    };
    setAttribute(this.node, "aria-label", summary);
    // The same object each time: react would take another one for a change and draw everything anew.
    this.config ??= this.configuration();
    this.drawing = Plotly.react(this.node, traces, full, this.config);
    if (!this.listening) this.listen();
    return this.drawing;
  }

  // Fixed margins: letting Plotly find them takes as long as the drawing itself.
  margin({ margin = {}, xaxis, yaxis }) {
    const { size } = this.context;
    return { l: size * (yaxis?.title ? 4.6 : 3), r: size * 0.8, t: size * 0.8, b: size * (xaxis?.title ? 3.2 : 1.8), pad: 0, ...margin };
  }

  axis(given, name) {
    const { palette } = this.context;
    const zoomed = this.zoom[name] && this.zoom[name].mode === given.mode ? { range: this.zoom[name].range, autorange: false } : {};
    const { mode, title, ...rest } = given;
    this.modes = { ...this.modes, [name]: mode };
    return {
      gridcolor: palette.grid,
      zerolinecolor: palette.grid,
      linecolor: palette.muted,
      tickcolor: palette.muted,
      ticks: "outside",
      ticklen: 4,
      title: title && { ...title, font: { size: this.context.size, color: palette.muted } },
      ...rest,
      ...zoomed,
    };
  }

  configuration() {
    const { labels } = this.context;
    const reset = {
      name: "reset",
      title: labels.reset_zoom,
      icon: this.context.Plotly.Icons.home,
      click: () => this.unzoom(),
    };
    return {
      displaylogo: false,
      responsive: false,
      doubleClick: false,
      showTips: false,
      modeBarButtons: [["toImage", reset]],
      locale: "page",
      locales: { page: { dictionary: { "Download plot as a PNG": labels.download, "Download plot as a png": labels.download } } },
    };
  }

  listen() {
    this.listening = true;
    this.node.on("plotly_relayout", (change) => this.zoomed(change));
    this.node.on("plotly_doubleclick", () => this.unzoom());
  }

  zoomed(change) {
    for (const key of Object.keys(change)) {
      const name = key.split(".")[0];
      if (!/^[xy]axis\d*$/.test(name) || !key.includes("range")) continue;
      const range = change[`${name}.range`] ?? [change[`${name}.range[0]`], change[`${name}.range[1]`]];
      if (range.every((limit) => limit !== undefined)) this.zoom[name] = { mode: this.modes[name], range };
    }
  }

  unzoom() {
    this.zoom = {};
    this.revision += 1; // With the old one react would keep the person's zoom.
    this.refresh();
  }

  // Take the size that the node has now; null where there is nothing to be drawn again.
  resize() {
    return this.drawing && this.node.offsetWidth ? this.context.Plotly.Plots.resize(this.node) : null;
  }

  destroy() {
    this.observer.disconnect();
    if (this.drawing) this.context.Plotly.purge(this.node);
  }
}
