// The main chart as a picture file, made by the browser: with a legend, axes, and a ground that is not transparent.

const WIDTH = 1100;
const HEIGHT = 640;

// The figure of a chart as it is to be saved: what was zoomed stays zoomed, hidden traces stay away.
export function figureToSave(node, { palette, size }, title) {
  const { data, layout, _fullLayout: full } = node;
  const named = data.filter(({ uid }) => uid !== "names").map((trace) => ({ ...trace, showlegend: isMain(trace), legendgroup: trace.name }));
  const marks = (layout.annotations ?? []).filter(({ yref }) => yref !== "y2");
  const axes = Object.fromEntries(["xaxis", "yaxis"].map((name) => [name, { ...layout[name], range: [...full[name].range], autorange: false }]));
  return {
    data: named,
    layout: {
      ...layout,
      ...axes,
      annotations: marks,
      title: { text: title, font: { size: size * 1.15 }, x: 0.02, xanchor: "left" },
      showlegend: true,
      legend: { x: 1.01, xanchor: "left", y: 1, yanchor: "top" },
      margin: { l: 70, r: 190, t: 56, b: 56 },
      paper_bgcolor: palette.background,
      plot_bgcolor: palette.background,
    },
  };
}

// The thick line of a group is the one that the legend names.
function isMain({ uid }) {
  return /(^| )main$/.test(uid ?? "");
}

export async function save(Plotly, chart, format, title, filename) {
  const figure = figureToSave(chart.node, chart.context, title);
  const address = await Plotly.toImage(figure, { format, width: WIDTH, height: HEIGHT, scale: format === "png" ? 2 : 1 });
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: `${filename}.${format}` });
  document.body.append(link);
  link.click();
  link.remove();
}
