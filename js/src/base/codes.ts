/** The codes of outcomes and of waits, read from the one schema that Python reads too. */
import schema from "../../../poolviz/wire/schema.json";

export type OutcomeName = "none" | "returned" | "raised" | "cancelled" | "interrupted" | "lost";
/** In what state a call is: an outcome, or where it stands before it has one. */
export type CallKind = "pending" | "running" | Exclude<OutcomeName, "none">;
/** How a worker ended: died by itself, stopped with a pool that broke because of something else, or was ended on purpose. */
export type ExitName = "none" | "orderly" | "died" | "stopped" | "ended";
export type BlockedName = "result" | "map" | "as_completed" | "wait" | "shutdown";

function codeOf(names: readonly string[], name: string): number {
  const code = names.indexOf(name);
  if (code < 0) throw new Error(`the schema has no code for ${name}`);
  return code;
}

const outcome = (name: OutcomeName) => codeOf(schema.outcomes, name);

/** How a call ended; `none` while it has not. */
export const Outcome = {
  none: outcome("none"),
  returned: outcome("returned"),
  raised: outcome("raised"),
  cancelled: outcome("cancelled"),
  interrupted: outcome("interrupted"),
  lost: outcome("lost"),
} as const;

/** The outcome's name for a code; a code that this page does not know yet reads as lost, which is the loudest. */
export function outcomeName(code: number): OutcomeName {
  return (schema.outcomes[code] ?? "lost") as OutcomeName;
}

/** Whether a message's word for a worker's end is one that this page knows. */
export function isExitName(word: unknown): word is ExitName {
  return typeof word === "string" && schema.exits.includes(word);
}

/** What a caller blocks in, for a code. */
export function blockedName(code: number): BlockedName {
  return (schema.blocked[code] || "wait") as BlockedName;
}

/** The ways to fail, which are told apart also where slices are merged. */
export const FAILURES = ["raised", "interrupted", "lost"] as const satisfies readonly OutcomeName[];

/** A cancelled call has not failed: somebody decided that it was not needed. */
export function hasFailed(code: number): boolean {
  return code !== Outcome.none && code !== Outcome.returned && code !== Outcome.cancelled;
}

const FAILURE_OF = Int8Array.from({ length: 256 }, (_, code) =>
  hasFailed(code) ? FAILURES.indexOf(outcomeName(code) as (typeof FAILURES)[number]) : -1,
);

/** Which of `FAILURES` a code is, or -1. Asked for each slice that is drawn: a look into a table. */
export function failureOf(code: number): number {
  return FAILURE_OF[code]!;
}
