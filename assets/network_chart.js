// The surface of a real network on the Landscapes page.

import { mounting } from "./live/mount.js";
import { NetworkView } from "./network/view.js";

export const mount = mounting(NetworkView);
