// The third tab of the Landscapes page: whether a network stands at a saddle, and its curvature while it trains.

import { mounting } from "./live/mount.js";
import { SaddleView } from "./saddle/view.js";

export const mount = mounting(SaddleView);
