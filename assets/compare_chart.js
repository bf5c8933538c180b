// The live part of the Compare page.

import { CompareView } from "./compare/view.js";
import { mounting } from "./live/mount.js";

export const mount = mounting(CompareView);
