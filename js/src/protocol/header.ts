/** Reads a message's JSON header. What comes from outside is checked here, once; everything behind may rely on it. */
import { type ExitName, isExitName } from "../base/codes";
import type { Counts, LaneInfo, MessageHead, NameRun, PoolInfo, TraceState } from "../base/message";
import type { Row } from "../base/units";
import { type Code, PLAIN, SOME, WIDEST } from "./column";
import { VERSION } from "./schema";

/** What arrived is not a message that this page can read; the text says why, in words for a user. */
export class WireError extends Error {
  override readonly name = "WireError";
}

export interface Header extends MessageHead {
  readonly firstRow: Row;
  readonly kept: boolean;
  readonly follows: readonly number[];
  readonly sections: readonly (readonly [name: string, count: number])[];
  readonly codes: readonly Code[];
  readonly labels: NameRun | null;
  readonly callers: NameRun | null;
  readonly pools: readonly PoolInfo[];
  readonly lanes: readonly LaneInfo[];
  readonly errors: readonly (readonly [row: Row, error: string, traceback: string])[];
  readonly prints: readonly (readonly [row: Row, text: string, cut: number])[];
  readonly printsOmitted: number;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberAt(json: Json, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== "number" || !Number.isFinite(value)) throw new WireError(`the header's ${key} is not a number`);
  return value;
}

const timeOrNull = (json: Json, key: string) => (json[key] == null ? null : numberAt(json, key));
const textAt = (json: Json, key: string) => (typeof json[key] === "string" ? json[key] : "");

function listAt(json: Json, key: string): readonly unknown[] {
  const value = json[key] ?? [];
  if (!Array.isArray(value)) throw new WireError(`the header's ${key} is not a list`);
  return value;
}

function objectsAt(json: Json, key: string): Json[] {
  return listAt(json, key).map((value) => {
    if (!isObject(value)) throw new WireError(`the header's ${key} holds something that is no record`);
    return value;
  });
}

function numbersAt(json: Json, key: string): number[] {
  return listAt(json, key).map((value) => {
    if (typeof value !== "number") throw new WireError(`the header's ${key} holds something that is no number`);
    return value;
  });
}

function namesAt(json: Json, key: string): NameRun | null {
  const value = json[key];
  if (value == null) return null;
  if (!isObject(value)) throw new WireError(`the header's ${key} is not a record`);
  return { first: numberAt(value, "first"), names: listAt(value, "names").map(String) };
}

function countsOf(json: unknown): Counts {
  if (!isObject(json)) throw new WireError("the header has no counts");
  return {
    total: numberAt(json, "total"),
    pending: numberAt(json, "pending"),
    running: numberAt(json, "running"),
    finished: numberAt(json, "finished"),
    failed: numberAt(json, "failed"),
    cancelled: numberAt(json, "cancelled"),
  };
}

function stateOf(value: unknown): TraceState {
  if (value === "live" || value === "done" || value === "static") return value;
  throw new WireError(`the header's state is ${JSON.stringify(value)}`);
}

function sectionsOf(json: Json): [string, number][] {
  return listAt(json, "sections").map((entry) => {
    const [name, count] = Array.isArray(entry) ? entry : [];
    if (typeof name !== "string" || !Number.isInteger(count) || count < 0) {
      throw new WireError("the header's sections are not pairs of a name and a count");
    }
    return [name, count];
  });
}

function codesOf(json: Json): Code[] {
  return listAt(json, "codes").map((code) => {
    const [how, width] = Array.isArray(code) && code.length >= 3 && code.every(Number.isInteger) ? code : [-1, -1];
    if (how < PLAIN || how > SOME || width < 0 || width > WIDEST) {
      throw new WireError("the header's codes are none that this page knows");
    }
    return code as Code;
  });
}

function poolOf(json: Json): PoolInfo {
  return {
    pool: numberAt(json, "pool"),
    kind: textAt(json, "kind"),
    name: textAt(json, "name"),
    workers: numberAt(json, "workers", 0),
    opened: numberAt(json, "opened", 0),
    closed: timeOrNull(json, "closed"),
    method: textAt(json, "method"),
  };
}

/** Messages of older kernels do not say how a worker ended; a detail was then given to those that had not ended in order. */
function exitOf(json: Json): ExitName {
  if (isExitName(json.how)) return json.how;
  if (json.exited == null) return "none";
  return textAt(json, "detail") ? "died" : "orderly";
}

function laneOf(json: Json): LaneInfo {
  return {
    lane: numberAt(json, "lane"),
    pool: numberAt(json, "pool"),
    name: textAt(json, "name"),
    ident: numberAt(json, "ident", 0),
    started: numberAt(json, "started", 0),
    ready: timeOrNull(json, "ready"),
    exited: timeOrNull(json, "exited"),
    detail: textAt(json, "detail"),
    how: exitOf(json),
  };
}

function errorsOf(json: Json): [Row, string, string][] {
  return listAt(json, "errors").map((entry) => {
    if (!Array.isArray(entry) || typeof entry[0] !== "number") throw new WireError("the header's errors name no rows");
    return [entry[0], String(entry[1] ?? ""), String(entry[2] ?? "")];
  });
}

function printsOf(json: Json): [Row, string, number][] {
  return listAt(json, "prints").map((entry) => {
    const [row, text, cut] = Array.isArray(entry) ? entry : [];
    if (typeof row !== "number" || typeof text !== "string" || typeof cut !== "number") {
      throw new WireError("the header's prints are not rows with a text and a count");
    }
    return [row, text, cut];
  });
}

/**
 * Check a header and give it types.
 *
 * @throws WireError when it is no header of poolviz, or one of a newer version
 */
export function readHeader(json: unknown): Header {
  if (!isObject(json) || (json.kind !== "delta" && json.kind !== "snapshot")) {
    throw new WireError("this is not a poolviz message");
  }
  const version = numberAt(json, "v");
  if (version !== VERSION) {
    const which = version > VERSION ? "a newer" : "an older";
    throw new WireError(`it was written by ${which} poolviz: wire version ${version}, and this page reads ${VERSION}`);
  }
  return {
    kind: json.kind,
    seq: numberAt(json, "seq"),
    now: numberAt(json, "now"),
    state: stateOf(json.state),
    title: textAt(json, "title"),
    origin: numberAt(json, "origin", 0),
    wall: numberAt(json, "wall", 0),
    counts: countsOf(json.counts),
    dropped: numberAt(json, "dropped", 0),
    behind: numberAt(json, "behind", 0),
    firstRow: numberAt(json, "first_row", 0),
    kept: json.kept === true,
    follows: numbersAt(json, "follows"),
    sections: sectionsOf(json),
    codes: codesOf(json),
    labels: namesAt(json, "labels"),
    callers: namesAt(json, "callers"),
    pools: objectsAt(json, "pools").map(poolOf),
    lanes: objectsAt(json, "lanes").map(laneOf),
    errors: errorsOf(json),
    prints: printsOf(json),
    printsOmitted: numberAt(json, "prints_omitted", 0),
  };
}
