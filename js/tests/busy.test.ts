/** The figures, by the runs that Python and TypeScript share, and how long a run may go on. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { encode } from "../dev/encode";
import { Outcome, type OutcomeName } from "../src/base/codes";
import { duration } from "../src/base/format";
import { NO_LANE } from "../src/base/message";
import { busyShares, knownOf } from "../src/model/busy";
import { figures } from "../src/model/figures";
import { timeLeft } from "../src/model/left";
import { Store } from "../src/model/store";
import { decodeMessage } from "../src/protocol/decode";

const MS = 1e6;
const vectors = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../../tests/vectors/${name}.json`, import.meta.url)), "utf8"));

interface TimedCall {
  readonly submitted: number;
  readonly worker: number;
  readonly started: number | null;
  readonly finished: number | null;
  readonly outcome: OutcomeName;
}

interface Run {
  readonly name: string;
  readonly now: number;
  readonly workers: readonly { started: number; ready: number | null; exited: number | null }[];
  readonly calls: readonly TimedCall[];
  readonly forgotten?: readonly TimedCall[];
  readonly elapsed: number;
  readonly utilisation: number | null;
  readonly lanes: readonly (number | null)[];
}

function storeOf(run: Run): Store {
  const dropped = run.forgotten?.length ?? 0;
  const all = [...(run.forgotten ?? []), ...run.calls].map((call, row) => ({ ...call, row }));
  const calls = all.slice(dropped);
  const ended = calls.filter(({ outcome }) => outcome !== "none");
  const running = calls.filter(({ outcome, started }) => outcome === "none" && started !== null);
  const time = (ms: number | null) => (ms === null ? Number.NaN : ms * MS);
  const lanes = run.workers.map(({ started, ready, exited }, lane) => ({
    lane,
    pool: 1,
    name: `worker ${lane + 1}`,
    started: started * MS,
    ready: ready === null ? null : ready * MS,
    exited: exited === null ? null : exited * MS,
  }));
  const count = (...outcomes: OutcomeName[]) => all.filter(({ outcome }) => outcomes.includes(outcome)).length;
  const underWay = all.filter(({ outcome }) => outcome === "none");
  const counts = {
    total: all.length,
    pending: underWay.filter(({ started }) => started === null).length,
    running: underWay.filter(({ started }) => started !== null).length,
    finished: count("returned"),
    failed: count("raised", "lost", "interrupted"),
    cancelled: count("cancelled"),
  };
  const { header, buffers } = encode(
    { kind: "snapshot", now: run.now * MS, lanes, counts, dropped, first_row: dropped },
    {
      calls: {
        first: calls.map(({ row }) => row),
        count: calls.map(() => 1),
        submitted: calls.map(({ submitted }) => time(submitted)),
        label: calls.map(() => 0),
        item: calls.map(() => -1),
      },
      running: {
        row: running.map(({ row }) => row),
        lane: running.map(({ worker }) => worker),
        started: running.map(({ started }) => time(started)),
      },
      ended: {
        row: ended.map(({ row }) => row),
        lane: ended.map(({ worker }) => (worker < 0 ? NO_LANE : worker)),
        sent: ended.map(() => Number.NaN),
        started: ended.map(({ started }) => time(started)),
        finished: ended.map(({ finished }) => time(finished)),
        delivered: ended.map(({ finished }) => time(finished)),
        outcome: ended.map(({ outcome }) => Outcome[outcome]),
      },
    },
  );
  const store = new Store();
  store.receive(decodeMessage(header, buffers), 0);
  return store;
}

describe("how busy the workers were", () => {
  it.each((vectors("busy").runs as Run[]).map((run) => [run.name, run] as const))("%s", (_name, run) => {
    const { recording, head } = storeOf(run);
    const now = run.now * MS;
    const { elapsed, utilisation } = figures(recording, head!, now);
    expect(elapsed).toBe(run.elapsed * MS);
    if (run.utilisation === null) expect(utilisation).toBeNaN();
    else expect(utilisation).toBeCloseTo(run.utilisation, 9);
    const { lanes } = busyShares(recording, knownOf(recording, head!, now)!, now);
    run.lanes.forEach((share, lane) => {
      if (share === null) expect(lanes.get(lane)).toBeNaN();
      else expect(lanes.get(lane)).toBeCloseTo(share, 9);
    });
  });
});

describe("what is done", () => {
  const call = (
    submitted: number,
    worker: number,
    started: number | null,
    finished: number | null,
    outcome: OutcomeName,
  ) => ({
    submitted,
    worker,
    started,
    finished,
    outcome,
  });

  it("has no cancelled calls, and neither has the pace", () => {
    const run = {
      name: "",
      now: 1000,
      workers: [{ started: 0, ready: 0, exited: null }],
      calls: [
        call(0, 0, 0, 400, "returned"),
        call(0, 0, 400, 500, "raised"),
        call(0, -1, null, 450, "cancelled"),
        call(0, -1, null, 450, "cancelled"),
        call(0, 0, 900, null, "none"),
        call(0, -1, null, null, "none"),
      ],
      elapsed: 0,
      utilisation: null,
      lanes: [],
    } satisfies Run;
    const { recording, head } = storeOf(run);
    const { done, perSecond, left } = figures(recording, head!, 1000 * MS);
    expect([done, perSecond, left]).toEqual([2, 2, 1000 * MS]);
  });
});

describe("of calls that are no longer kept", () => {
  const call = (worker: number, started: number | null, finished: number | null): TimedCall => ({
    submitted: 0,
    worker,
    started,
    finished,
    outcome: finished === null ? "none" : "returned",
  });
  const run = (forgotten: TimedCall[], calls: TimedCall[]): Run => ({
    name: "",
    now: 1000,
    workers: [{ started: 0, ready: 0, exited: null }],
    forgotten,
    calls,
    elapsed: 0,
    utilisation: null,
    lanes: [],
  });
  const figuresOf = (told: Run) => {
    const { recording, head } = storeOf(told);
    return figures(recording, head!, 1000 * MS);
  };

  it("only the counts tell how fast they went, while none of the others has run", () => {
    const waiting = [call(-1, null, null), call(-1, null, null)];
    const ran = Array.from({ length: 50 }, (_, i) => call(0, 20 * i, 20 * (i + 1)));
    expect(figuresOf(run(ran, waiting))).toMatchObject({ done: 50, perSecond: 50, left: 40 * MS });
  });

  it("the pace is of the others, in the time of which they tell", () => {
    const ran = Array.from({ length: 5 }, (_, i) => call(0, 160 * i, 160 * (i + 1)));
    const kept = [call(0, 800, 900), call(0, 900, 1000), call(-1, null, null)];
    expect(figuresOf(run(ran, kept))).toMatchObject({ done: 7, perSecond: 10, left: 100 * MS, utilisation: 1 });
  });

  it("nothing is said of time when there are no others", () => {
    const ran = [call(0, 0, 100)];
    expect(figuresOf(run(ran, []))).toMatchObject({ done: 1, elapsed: null, left: null });
  });
});

describe("the time that is left", () => {
  const counts = (pending: number, running: number) => ({
    total: 60,
    pending,
    running,
    finished: 60 - pending - running,
    failed: 0,
    cancelled: 0,
  });
  const SECOND = 1e9;

  it("is what waits and runs at the pace so far", () => {
    expect(
      timeLeft(
        counts(20, 4),
        8,
        [0.1, 0.2, 0.1, 0.3].map((s) => s * SECOND),
        0.6 * SECOND,
      ),
    ).toBe(3 * SECOND);
    expect(timeLeft(counts(0, 0), 8, [], SECOND)).toBeNull();
    expect(timeLeft(counts(3, 1), Number.NaN, [0], 0)).toBeNull();
  });

  it("is as long again as the oldest call that has run longer than all others", () => {
    const left = timeLeft(
      counts(0, 4),
      7,
      [2.3, 0.2, 0.1, 0.1].map((s) => s * SECOND),
      0.5 * SECOND,
    );
    expect(left).toBe(2.3 * SECOND);
    // At the pace so far it would be said to be 571 ms.
    expect((4 / 7) * SECOND).toBeLessThan(0.6 * SECOND);
  });

  it("knows that a worker which is held up does nothing for what waits", () => {
    const ages = [2, 0.1].map((s) => s * SECOND);
    expect(timeLeft(counts(39, 2), 10, ages, SECOND)).toBe(8 * SECOND);
    expect(
      timeLeft(
        counts(10, 2),
        10,
        [3, 2].map((s) => s * SECOND),
        SECOND,
      ),
    ).toBe(3 * SECOND);
    expect(
      timeLeft(
        counts(20, 2),
        10,
        [3, 2].map((s) => s * SECOND),
        SECOND,
      ),
    ).toBe(4 * SECOND);
  });
});

describe("lengths of time", () => {
  it.each(vectors("durations").durations as [number, string][])("%d ns are %s", (ns, words) => {
    expect(duration(ns).replaceAll("\u202f", " ")).toBe(words);
  });
});
