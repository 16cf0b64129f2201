/** Reads a message's JSON header. What comes from outside is checked here, once; everything behind may rely on it. */
import { type ExitName, isExitName } from "../base/codes";
import type { Counts, LaneInfo, MessageHead, NameRun, PoolInfo, TraceState } from "../base/message";
import type { Row } from "../base/units";
import { type Code, PLAIN, SOME, STEPS, WIDEST } from "./column";
import { WireError } from "./error";
import { columnsOf, MOST_RECORDS, OLDEST, VERSION } from "./schema";

/** A section of a message: its columns follow those of the sections before it. */
export interface SectionHead {
  readonly name: string;
  readonly count: number;
  /** How many columns it has: fewer than this page knows in an older message, more in a newer one. */
  readonly width: number;
}

export interface Header extends MessageHead {
  readonly firstRow: Row;
  readonly kept: boolean;
  readonly follows: readonly number[];
  readonly sections: readonly SectionHead[];
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
  const names = listAt(value, "names");
  if (names.some((name) => typeof name !== "string")) throw new WireError(`the header's ${key} are not names`);
  return { first: numberAt(value, "first"), names: names as string[] };
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

/** Most columns that a section may say it has. */
const WIDEST_SECTION = 1000;

const isCount = (value: unknown, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;

/** Version 2 does not say how many columns a section has: those that came with no later version. */
function widthInTwo(section: string): number {
  const columns = columnsOf(section);
  if (columns === null) throw new WireError(`it has a section '${section}' that this page does not know`);
  return columns.filter(([, , since]) => since === undefined).length;
}

function sectionsOf(json: Json, version: number): SectionHead[] {
  const sections = listAt(json, "sections").map((entry): SectionHead => {
    const [name, count, said] = Array.isArray(entry) ? entry : [];
    if (typeof name !== "string" || !isCount(count, MOST_RECORDS)) {
      throw new WireError("the header's sections are not names with a count that makes sense");
    }
    const width = version > 2 ? said : widthInTwo(name);
    if (!isCount(width, WIDEST_SECTION)) throw new WireError(`the header does not say how many columns '${name}' has`);
    return { name, count, width };
  });
  if (new Set(sections.map(({ name }) => name)).size < sections.length) {
    throw new WireError("the header has a section twice");
  }
  return sections;
}

function codesOf(json: Json): Code[] {
  return listAt(json, "codes").map((code) => {
    const numbers: number[] = Array.isArray(code) && code.every(Number.isInteger) ? code : [];
    const [how = -1, width = -1] = numbers;
    const isLong = numbers.length >= (how === STEPS ? 4 : 3);
    if (!isLong || how < PLAIN || how > SOME || width < 0 || width > WIDEST) {
      throw new WireError("the header's codes are none that this page knows");
    }
    return numbers;
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
    const [row, error = "", traceback = ""] = Array.isArray(entry) ? entry : [];
    if (typeof row !== "number" || typeof error !== "string" || typeof traceback !== "string") {
      throw new WireError("the header's errors are not rows with words");
    }
    return [row, error, traceback];
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

/** @returns the version that wrote the message, where this page can read that */
function versionOf(json: Json): number {
  const version = numberAt(json, "v");
  if (version >= OLDEST && numberAt(json, "needs", version) <= VERSION) return version;
  const which = version > VERSION ? "a newer" : "an older";
  throw new WireError(`it was written by ${which} poolviz: wire version ${version}, and this page reads ${VERSION}`);
}

/**
 * Check a header and give it types. Fields that are not known are skipped.
 *
 * @throws WireError when it is no header of poolviz, or one of a version that this page cannot read
 */
export function readHeader(json: unknown): Header {
  if (!isObject(json) || (json.kind !== "delta" && json.kind !== "snapshot")) {
    throw new WireError("this is not a poolviz message");
  }
  const version = versionOf(json);
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
    sections: sectionsOf(json, version),
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
