// The live part of a search on the Runs page.

import { mounting } from "./live/mount.js";
import { SearchView } from "./search/view.js";

export const mount = mounting(SearchView);
