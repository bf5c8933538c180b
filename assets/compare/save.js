// The main chart as a picture file, made by the browser: with a legend, axes, and a ground that is not transparent.

const WIDTH = 1100;
const HEIGHT = 640;

// The figure of a chart as it is to be saved: what was zoomed stays zoomed, hidden traces stay away.
export function figureToSave(node, { palette, size }, title) {
  const { data, layout, _fullLayout: full } = node;
  const isScaled = data.some(({ uid }) => uid === "scale"); // A scale of colours and the names at the lines say it all.
  const named = data
    .filter(({ uid }) => isScaled || uid !== "names")
    .map((trace) => (trace.uid === "scale" ? beside(trace) : trace))
    .map((trace) => ({ ...trace, name: trace.meta ?? trace.name, showlegend: isMain(trace), legendgroup: trace.name }));
  const marks = (layout.annotations ?? []).filter(({ yref }) => yref !== "y2");
  const axes = Object.fromEntries(["xaxis", "yaxis"].map((name) => [name, { ...layout[name], range: [...full[name].range], autorange: false }]));
  return {
    data: named,
    layout: {
      ...layout,
      ...axes,
      annotations: marks,
      title: { text: title, font: { size: size * 1.15 }, x: 0.02, xanchor: "left" },
      showlegend: !isScaled,
      legend: { x: 1.01, xanchor: "left", y: 1, yanchor: "top" },
      margin: { l: 70, r: 190, t: 56, b: 56 },
      paper_bgcolor: palette.background,
      plot_bgcolor: palette.background,
    },
  };
}

// The scale of colours at the right of the names, whatever the width of the picture.
function beside({ marker, ...trace }) {
  return { ...trace, marker: { ...marker, colorbar: { ...marker.colorbar, xref: "paper", x: 1.07, xanchor: "left" } } };
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
