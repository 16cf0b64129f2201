/** What calls, workers and callers are called on the screen. */
import { blockedName } from "../base/codes";
import { whole } from "../base/format";
import { type LaneInfo, NO_ROW } from "../base/message";
import type { Row } from "../base/units";
import type { Lane, Recording } from "../model/recording";
import { words } from "./words";

function nameOf(recording: Recording, row: Row): { name: string; item: number } {
  const call = recording.calls.get(row);
  const name = (call && recording.labels.get(call.label)) || words.call;
  return { name, item: call?.item ?? -1 };
}

/** In a slice: the name with its index as Python would write it, or the index alone where that does not fit. */
export function sliceText(recording: Recording, row: Row): readonly [string, string] {
  const { name, item } = nameOf(recording, row);
  return item < 0 ? [name, ""] : [`${name} [${item}]`, `[${item}]`];
}

/** In a slice that stands for many calls, or for many waits. */
export function callsText(calls: number): readonly [string, string] {
  return [words.callsDone(whole(calls), calls), whole(calls)];
}

/** In a sentence. */
export function callName(recording: Recording, row: Row): string {
  const { name, item } = nameOf(recording, row);
  return item < 0 ? name : words.ofMap(name, String(item));
}

/** In the list of errors, where the function's name would only repeat itself. */
export function shortName(recording: Recording, row: Row): string {
  const { name, item } = nameOf(recording, row);
  return item < 0 ? name : words.item(String(item));
}

/** The names that the standard library makes up for threads say nothing but the number at their end. */
const MADE_UP = /^ThreadPoolExecutor-\d+_(\d+)$/;

export function laneName({ info }: Lane): string {
  const number = MADE_UP.exec(info.name)?.[1];
  return number === undefined ? info.name || words.workerNumber(info.lane) : words.threadNumber(number);
}

/** What became of a worker; empty while it is there and after an orderly exit. */
export function exitText({ how, detail }: LaneInfo): string {
  if (how === "stopped" || how === "ended") return words.exits[how];
  return how === "died" ? detail : "";
}

export const callerName = (recording: Recording, index: number) => recording.callers.names[index] || words.caller;

/** In a slice of a caller's row: where it blocks and for what, or only the former. */
export function waitText(recording: Recording, code: number, row: Row): readonly [string, string] {
  const blocked = words.blockedShort[blockedName(code)];
  return row === NO_ROW ? [blocked, blocked] : [`${blocked}: ${sliceText(recording, row)[0]}`, blocked];
}
