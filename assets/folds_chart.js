// The live part of K-fold on the Generalization page.

import { FoldsView } from "./folds/view.js";
import { mounting } from "./live/mount.js";

export const mount = mounting(FoldsView);
