/**
 * Takes a front end out of an output and runs it: it then serves all outputs of its version.
 *
 * A front end that cannot start is damaged, or its page forbids it. Then that of another output of the same version is tried, and in the
 * end whichever other version is on the page and reads the same wire. What failed holds up nobody: an output that comes later brings a
 * front end of its own, and begins anew.
 */
import { forEach, type Hub, hubs, outputsOf } from "./hub";
import { inflate, partOf } from "./parts";

/** Each version has a style of its own. One that its widget has brought besides says the same. */
const STYLE = "poolviz.timeline.style.";

const CANNOT = "poolviz could not start the timeline here, so this is its picture";

/** Run the front end that a part of an output holds. */
export async function openFront(front: HTMLElement, version: string): Promise<void> {
  const [style = "", code = ""] = new TextDecoder().decode(await inflate(front)).split("\0");
  const id = STYLE + version;
  const sheet = Object.assign(document.createElement("style"), { id, textContent: style });
  if (document.getElementById(id) === null) document.head.append(sheet);
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    await import(address);
  } catch (error) {
    // The one that starts instead brings its own.
    sheet.remove();
    throw error;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Let another version serve these outputs, if one is there that reads them. */
function strand(version: string, hub: Hub): void {
  hub.isStranded = true;
  const other = [...hubs().values()].find(({ mount, wire }) => mount !== null && wire >= hub.wire);
  forEach(outputsOf(version), (output) => {
    if (other?.mount) other.mount(output);
    else output.title = CANNOT;
  });
}

async function start(version: string, hub: Hub, open: typeof openFront): Promise<void> {
  const next = () => outputsOf(version).find((output) => partOf(output, "front") !== null && !hub.failed.has(output));
  // Outputs may come while another one's front end is tried.
  for (let output = next(); output !== undefined && hub.mount === null; output = next()) {
    try {
      await open(partOf(output, "front")!, version);
    } catch (error) {
      console.warn("poolviz: the front end of an output cannot start", error);
    }
    // It may also have started and be that of another version: the package was replaced while its kernel ran.
    hub.failed.add(output);
  }
  if (hub.mount === null) strand(version, hub);
}

/** Turn an output into its timeline, as soon as there is a front end that can. */
export function serve(output: HTMLElement, hub: Hub, open = openFront): void {
  if (hub.mount !== null) hub.mount(output);
  else if (partOf(output, "front") !== null) {
    hub.opening ??= start(output.dataset.version ?? "", hub, open).finally(() => {
      hub.opening = null;
    });
  }
}
