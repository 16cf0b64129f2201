/** The life of a call in words: how it ended, and how long each of its phases took. */
import { type CallKind, Outcome } from "../base/codes";
import { bytes, duration, whole } from "../base/format";
import type { Ns } from "../base/units";
import type { Call } from "../model/calls";
import { kindOfCall } from "../model/filter";
import type { Recording } from "../model/recording";
import { laneName } from "./naming";
import { words } from "./words";

export type Line = readonly [label: string, value: string];

export const known = (label: string, value: Ns): Line[] => (Number.isFinite(value) ? [[label, duration(value)]] : []);

export function kindOf(recording: Recording, call: Call | null): CallKind {
  return call === null ? "pending" : kindOfCall(recording, call.row, call.outcome);
}

/** @param now until when it has run, if it runs */
export function phases(recording: Recording, call: Call, now: Ns): Line[] {
  const { submitted, sent, started, finished, delivered, consumed } = call;
  const running = recording.running.has(call.row);
  const lines = known(words.submittedAt, submitted);
  if (call.outcome === Outcome.none && Number.isNaN(started)) lines.push(...known(words.waiting, now - submitted));
  lines.push(...known(words.sent, sent - submitted), ...known(words.waited, started - submitted));
  lines.push(...known(running ? words.running : words.ran, (running ? now : finished) - started));
  if (!running && Number.isNaN(started)) lines.push(...known(words.endedAfter, finished - submitted));
  lines.push(...known(words.delivered, delivered - finished), ...known(words.consumed, consumed - delivered));
  return lines;
}

/** Which place a call has in the chunk that it was sent with. */
export function chunkLine(recording: Recording, call: Call): Line[] {
  const chunk = recording.chunkOf(call.row);
  if (chunk === null) return [];
  const { firstItem, lastItem } = chunk;
  const [place, size] = [call.item - firstItem + 1, lastItem - firstItem + 1];
  return [[words.chunk, words.itemOfChunk(whole(firstItem), whole(lastItem), whole(place), whole(size))]];
}

/** The most that a column holds; of what is longer nobody knows how long it is. */
const MOST_BYTES = 2 ** 32 - 1;

/** How many bytes went to the worker, and how many came back. Of a chunk only its own sum is known. */
export function bytesLines(recording: Recording, call: Call): Line[] {
  const chunk = recording.chunkOf(call.row);
  const { bytesOut, bytesIn, item } = call;
  if (chunk === null) {
    return [...size(words.bytesOut, bytesOut, item < 0), ...size(words.bytesIn, bytesIn, false)];
  }
  const { out, back } = recording.calls.bytesOf(chunk.firstRow, chunk.lastRow);
  const ofChunk = ([label, value]: Line): Line => [label, words.ofChunk(value)];
  return [...size(words.bytesOut, out, false), ...size(words.bytesIn, back, false)].map(ofChunk);
}

/** @param exact whether it was sent in a message of its own, else it is a share */
function size(label: string, count: number, exact: boolean): Line[] {
  if (count === 0) return [];
  if (count >= MOST_BYTES) return [[label, words.atLeast(bytes(count))]];
  return [[label, exact ? bytes(count) : words.about(bytes(count))]];
}

export function workerLine(recording: Recording, call: Call): Line[] {
  const lane = recording.lanes.get(call.lane);
  return lane ? [[words.on, laneName(lane)]] : [];
}
