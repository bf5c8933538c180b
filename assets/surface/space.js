// A picture in three dimensions, to be turned. What a person has turned stays over other data, finer grids and colours.

import { Chart } from "../live/plot.js";
import { mixed } from "../live/theme.js";
import { ground } from "./map.js";

const LINES = 12;
const EYE = { x: 0.45, y: -1.3, z: 0.92 };
const CENTER = { x: -0.1, y: 0, z: -0.22 };
// So much wider than high a picture must be to hold the surface from there.
const WIDE = 1.75;
// So much farther away there is room for the large letters of a presentation.
const LARGE = 1.32;

export function hasWebGL() {
  const context = document.createElement("canvas").getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

export class Space extends Chart {
  constructor(node, context, refresh) {
    super(node, context, refresh);
    this.isTurned = false;
    this.onPress = () => (this.isTurned = true);
    node.addEventListener("pointerdown", this.onPress);
  }

  // Before each drawing. Plotly keeps what was turned only where the hand lets go over the picture, and not how it then
  // comes to rest: a drawing while it is held, or after it was let go, would turn it back. And with each drawing Plotly
  // sets the way of turning anew, and then takes nothing from the hand for half a second.
  keepTurn() {
    const scene = this.node._fullLayout?.scene?._scene;
    if (!scene) return;
    if (this.isTurned) scene.saveLayout(this.node.layout);
    const { updateFx } = Object.getPrototypeOf(scene);
    scene.updateFx = (way, hovers) => {
      const isSet = scene.camera.mode === way && scene.camera.keyBindingMode === "rotate";
      if (!isSet) updateFx.call(scene, way, hovers);
    };
  }

  draw(traces, layout, summary) {
    this.keepTurn();
    return super.draw(traces, layout, summary);
  }

  resize() {
    this.keepTurn();
    return super.resize();
  }

  unzoom() {
    this.isTurned = false;
    super.unzoom();
  }

  // The surface: `z`, rows of heights, from `low` to `high`, with lines of equal height.
  sheet({ x, y, z, low, high }) {
    const { palette } = this.context;
    const lines = { show: true, highlight: false, start: low, end: high, size: (high - low) / LINES, color: mixed(palette.text, palette.background, 0.55), width: 1 };
    return {
      uid: "sheet",
      type: "surface",
      x,
      y,
      z,
      colorscale: ground(palette),
      cmin: low,
      cmax: high,
      showscale: false,
      hoverinfo: "skip",
      contours: { x: { highlight: false }, y: { highlight: false }, z: lines },
      lighting: { ambient: 0.75, diffuse: 0.5, specular: 0.05, roughness: 0.9 },
    };
  }

  // `axes`: {x, y, z}, of each its title, its range and, if they are chosen, its ticks.
  space(axes) {
    const { palette, size } = this.context;
    const axis = ({ title, ...rest }) => ({
      color: palette.muted,
      gridcolor: palette.grid,
      zerolinecolor: palette.grid,
      showbackground: false,
      showspikes: false,
      tickfont: { size: size * 0.8 },
      nticks: 5,
      title: { text: title, font: { size: size * 0.9 } },
      ...rest,
    });
    return {
      margin: { l: 0, r: 0, t: 0, b: 0 },
      // A default, not a value: what was turned by hand stays as it is until everything is shown again.
      uirevision: `turned ${this.revision}`,
      template: { layout: { scene: { camera: this.camera() } } },
      scene: {
        xaxis: axis(axes.x),
        yaxis: axis(axes.y),
        zaxis: axis(axes.z),
        aspectmode: "manual",
        aspectratio: { x: 1.15, y: 1.15, z: 0.62 },
        dragmode: "turntable",
      },
    };
  }

  // From farther away in a narrow picture, and beside large letters.
  camera() {
    const away = Math.max(this.context.present ? LARGE : 1, (WIDE * this.node.offsetHeight) / this.node.offsetWidth);
    return { eye: { x: EYE.x * away, y: EYE.y * away, z: EYE.z * away }, center: CENTER };
  }

  destroy() {
    this.node.removeEventListener("pointerdown", this.onPress);
    super.destroy();
  }
}
