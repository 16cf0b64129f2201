/** The version of this front end, as outputs name it: that of the package, and that of its wire. */
import { version } from "../../package.json";
import { VERSION as WIRE } from "../protocol/schema";

export const VERSION = `${version}/${WIRE}`;
