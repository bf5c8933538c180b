// The wall of the Class page.

import { WallView } from "./classroom/wall.js";
import { mounting } from "./live/mount.js";

export const mount = mounting(WallView);
