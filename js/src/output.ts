/**
 * Stands at the end of each output in a notebook, and runs where scripts may: turns the picture into the timeline.
 *
 * Whatever happens here, the picture is there already.
 */
import { forEach, hubOf, outputs } from "./places/hub";
import { serve } from "./places/opening";

// Not `document.currentScript`: some hosts run an output's scripts in another place.
forEach(outputs(), (output) => serve(output, hubOf(output.dataset.version ?? "")));
