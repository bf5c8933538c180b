// One unit of the page Building blocks.

import { UnitView } from "./blocks/view.js";
import { mounting } from "./live/mount.js";

export const mount = mounting(UnitView);
