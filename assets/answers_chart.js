// The answers of a class on the Class page.

import { AnswersView } from "./classroom/answers.js";
import { mounting } from "./live/mount.js";

export const mount = mounting(AnswersView);
