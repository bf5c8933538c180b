// The live chart of the Train page.

import { mounting } from "./live/mount.js";
import { LiveView } from "./live/view.js";

export const mount = mounting(LiveView);
