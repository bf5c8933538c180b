// The pictures of the Gradients page.

import { GradientsView } from "./gradients/view.js";
import { mounting } from "./live/mount.js";

export const mount = mounting(GradientsView);
