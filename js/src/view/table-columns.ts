/** The columns of the table: what each is called, what it says of a call, and by what it is sorted. */
import type { CallKind } from "../base/codes";
import { bytes, duration } from "../base/format";
import type { Ns } from "../base/units";
import type { Call } from "../model/calls";
import type { Recording } from "../model/recording";
import { callName, laneName } from "./naming";
import { kindOf } from "./phases";
import { words } from "./words";

export interface TableColumn {
  readonly id: string;
  readonly name: string;
  readonly text: (recording: Recording, call: Call, now: Ns) => string;
  /** What its name does not say. */
  readonly hint?: string;
  /** Whether only processes have such a thing. */
  readonly ofProcesses?: boolean;
  /** Numbers stand at the right. */
  readonly isNumber: boolean;
  /** What a call is sorted by; NaN comes last. */
  readonly key: (recording: Recording, now: Ns) => (call: Call) => number;
}

const KINDS: readonly CallKind[] = ["running", "pending", "raised", "interrupted", "lost", "cancelled", "returned"];

/** For each value its place among all, by the alphabet. */
function ranks(values: readonly string[]): Map<string, number> {
  return new Map([...new Set(values)].sort((a, b) => a.localeCompare(b)).map((value, i) => [value, i]));
}

const time = (value: Ns) => (Number.isNaN(value) ? "" : duration(value));

const size = (count: number) => (count === 0 ? "" : bytes(count));

const waited = (call: Call) => call.started - call.submitted;

function ran(recording: Recording, call: Call, now: Ns): Ns {
  return (recording.running.has(call.row) ? Math.max(now, call.started) : call.finished) - call.started;
}

export const COLUMNS: readonly TableColumn[] = [
  {
    id: "call",
    name: words.call,
    text: (recording, call) => callName(recording, call.row),
    isNumber: false,
    key: (recording) => {
      const rank = ranks([...recording.labels.values()]);
      // Names first, then items by their number, which the alphabet would put in the order 1, 10, 2.
      return (call) => (rank.get(recording.labels.get(call.label) ?? "") ?? 0) * 2 ** 32 + call.item;
    },
  },
  {
    id: "outcome",
    name: words.outcome,
    text: (recording, call) => words.kinds[kindOf(recording, call)],
    isNumber: false,
    key: (recording) => (call) => KINDS.indexOf(kindOf(recording, call)),
  },
  {
    id: "worker",
    name: words.worker,
    text: (recording, call) => {
      const lane = recording.lanes.get(call.lane);
      return lane ? laneName(lane) : "";
    },
    isNumber: false,
    key: (recording) => (call) => (recording.lanes.has(call.lane) ? call.lane : Number.NaN),
  },
  {
    id: "started",
    name: words.startedAt,
    text: (_recording, call) => time(call.started),
    isNumber: true,
    key: () => (call) => call.started,
  },
  {
    id: "waited",
    name: words.waited,
    text: (_recording, call) => time(waited(call)),
    isNumber: true,
    key: () => waited,
  },
  {
    id: "ran",
    name: words.ran,
    text: (recording, call, now) => time(ran(recording, call, now)),
    isNumber: true,
    key: (recording, now) => (call) => ran(recording, call, now),
  },
  {
    id: "bytes-out",
    name: words.bytesOut,
    hint: words.sharedBytes,
    ofProcesses: true,
    text: (_recording, call) => size(call.bytesOut),
    isNumber: true,
    key: () => (call) => call.bytesOut || Number.NaN,
  },
  {
    id: "bytes-in",
    name: words.bytesIn,
    hint: words.sharedBytes,
    ofProcesses: true,
    text: (_recording, call) => size(call.bytesIn),
    isNumber: true,
    key: () => (call) => call.bytesIn || Number.NaN,
  },
  {
    id: "error",
    name: words.error,
    text: (recording, call) => recording.errors.get(call.row)?.error ?? "",
    isNumber: false,
    key: (recording) => {
      const rank = ranks([...recording.errors.values()].map(({ error }) => error));
      return (call) => rank.get(recording.errors.get(call.row)?.error ?? "") ?? Number.NaN;
    },
  },
];
