// The practice surfaces of the Landscapes page.

import { mounting } from "./live/mount.js";
import { SurfaceView } from "./surface/view.js";

export const mount = mounting(SurfaceView);
