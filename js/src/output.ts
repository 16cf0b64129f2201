/**
 * Stands at the end of each output in a notebook, and runs where scripts may: turns the picture into the timeline.
 *
 * Whatever happens here, the picture is there already.
 */
import { hub, outputs } from "./places/hub";
import { inflate, partOf } from "./places/parts";

/** The name under which the widget's style is in the page too. */
const STYLE = "poolviz.timeline.widget.Timeline";

/** Take the front end out of an output, and run it: it then mounts all outputs. */
async function open(front: HTMLElement): Promise<void> {
  const [style = "", code = ""] = new TextDecoder().decode(await inflate(front)).split("\0");
  if (document.getElementById(STYLE) === null) {
    document.head.append(Object.assign(document.createElement("style"), { id: STYLE, textContent: style }));
  }
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

const page = hub();
// Not `document.currentScript`: some hosts run an output's scripts in another place.
for (const output of outputs()) {
  const front = partOf(output, "front");
  if (page.mount !== null) page.mount(output);
  else if (front !== null) page.opening ??= open(front);
}
