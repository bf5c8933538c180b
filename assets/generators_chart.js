// The part "Generated data" of the page Data: a generator that learns, and what it draws.

import { mounting } from "./live/mount.js";
import { GeneratorView } from "./generators/view.js";

export const mount = mounting(GeneratorView);
