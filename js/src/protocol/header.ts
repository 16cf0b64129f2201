/** Reads a message's JSON header. What comes from outside is checked here, once; everything behind may rely on it. */
import { type ExitName, isExitName } from "../base/codes";
import type { Counts, LaneInfo, MessageHead, NameRun, PoolInfo, TraceState } from "../base/message";
import { NO_CALLER, NO_LANE, NO_ROW } from "../base/message";
import type { Ns, Row } from "../base/units";
import { FARTHEST } from "./bounds";
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

/** A whole number from `least` up to and without `end`. */
function wholeAt(json: Json, key: string, fallback?: number, least = 0, end = Number.MAX_SAFE_INTEGER): number {
  const value = numberAt(json, key, fallback);
  if (Number.isInteger(value) && value >= least && value < end) return value;
  throw new WireError(`the header's ${key} is ${value}`);
}

function timeAt(json: Json, key: string, fallback?: Ns): Ns {
  const value = numberAt(json, key, fallback);
  if (Math.abs(value) <= FARTHEST) return value;
  throw new WireError(`the header's ${key} is ${value}, which is no time`);
}

const timeOrNull = (json: Json, key: string) => (json[key] == null ? null : timeAt(json, key));
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

/** @param end the names' indexes are smaller than this */
function namesAt(json: Json, key: string, end: number): NameRun | null {
  const value = json[key];
  if (value == null) return null;
  if (!isObject(value)) throw new WireError(`the header's ${key} is not a record`);
  const names = listAt(value, "names");
  if (names.some((name) => typeof name !== "string")) throw new WireError(`the header's ${key} are not names`);
  return { first: wholeAt(value, "first", undefined, 0, end - names.length + 1), names: names as string[] };
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
    const numbers: number[] = Array.isArray(code) && code.every(Number.isSafeInteger) ? code : [];
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
    pool: wholeAt(json, "pool"),
    kind: textAt(json, "kind"),
    name: textAt(json, "name"),
    workers: numberAt(json, "workers", 0),
    opened: timeAt(json, "opened", 0),
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
    lane: wholeAt(json, "lane", undefined, 0, NO_LANE),
    pool: wholeAt(json, "pool"),
    name: textAt(json, "name"),
    ident: numberAt(json, "ident", 0),
    started: timeAt(json, "started", 0),
    ready: timeOrNull(json, "ready"),
    exited: timeOrNull(json, "exited"),
    detail: textAt(json, "detail"),
    how: exitOf(json),
  };
}

function errorsOf(json: Json): [Row, string, string][] {
  return listAt(json, "errors").map((entry) => {
    const [row, error = "", traceback = ""] = Array.isArray(entry) ? entry : [];
    if (!isCount(row, NO_ROW) || typeof error !== "string" || typeof traceback !== "string") {
      throw new WireError("the header's errors are not rows with words");
    }
    return [row, error, traceback];
  });
}

function printsOf(json: Json): [Row, string, number][] {
  return listAt(json, "prints").map((entry) => {
    const [row, text, cut] = Array.isArray(entry) ? entry : [];
    if (!isCount(row, NO_ROW) || typeof text !== "string" || !isCount(cut, Number.MAX_SAFE_INTEGER)) {
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
    // A snapshot that comes before the first delta has the number before 0.
    seq: wholeAt(json, "seq", undefined, -1),
    now: timeAt(json, "now"),
    state: stateOf(json.state),
    title: textAt(json, "title"),
    origin: wholeAt(json, "origin", 0),
    wall: wholeAt(json, "wall", 0),
    counts: countsOf(json.counts),
    dropped: numberAt(json, "dropped", 0),
    behind: numberAt(json, "behind", 0),
    firstRow: wholeAt(json, "first_row", 0, 0, NO_ROW),
    kept: json.kept === true,
    follows: numbersAt(json, "follows"),
    sections: sectionsOf(json, version),
    codes: codesOf(json),
    labels: namesAt(json, "labels", 2 ** 32),
    callers: namesAt(json, "callers", NO_CALLER),
    pools: objectsAt(json, "pools").map(poolOf),
    lanes: objectsAt(json, "lanes").map(laneOf),
    errors: errorsOf(json),
    prints: printsOf(json),
    printsOmitted: numberAt(json, "prints_omitted", 0),
  };
}
