/** What the kernel no longer keeps is forgotten: the page's model against a slow twin that filters a list of plain calls. */
import { describe, expect, it } from "vitest";
import { encode } from "../dev/encode";
import { seeded } from "../dev/synthetic";
import { hasFailed, Outcome } from "../src/base/codes";
import { NO_LANE, NO_ROW } from "../src/base/message";
import { loadOver } from "../src/model/load";
import { neighbour, placeOf } from "../src/model/neighbours";
import type { Recording } from "../src/model/recording";
import { search } from "../src/model/search";
import { Sums } from "../src/model/slices";
import { statisticsOf } from "../src/model/statistics";
import { Store } from "../src/model/store";
import { decodeMessage } from "../src/protocol/decode";

const NEVER = Number.NaN;

interface Call {
  row: number;
  submitted: number;
  label: number;
  item: number;
  lane: number;
  started: number;
  finished: number;
  outcome: number;
  consumed: number;
  caller: number;
}

interface Wait {
  caller: number;
  start: number;
  end: number;
  row: number;
}

/** What happens, at random; calls that have ended may be told late, and out of order. */
class Run {
  readonly calls: Call[] = [];
  readonly waits: Wait[] = [];
  first = 0;
  now = 1000;
  readonly #random: () => number;
  readonly #free: number[];
  #untold: Call[] = [];
  #seq = 0;

  constructor(seed: number, lanes: number) {
    this.#random = seeded(seed);
    this.#free = new Array(lanes).fill(1000);
  }

  #below(n: number): number {
    return Math.floor(n * this.#random());
  }

  #submit(count: number): Call[] {
    const isMap = this.#random() < 0.4;
    const label = this.#below(3);
    return Array.from({ length: count }, (_, i) => {
      if (!isMap) this.now += this.#below(40);
      const call = {
        row: this.calls.length,
        submitted: this.now,
        label,
        item: isMap ? i : -1,
        lane: NO_LANE,
        started: NEVER,
        finished: NEVER,
        outcome: 0,
        consumed: NEVER,
        caller: 65535,
      };
      this.calls.push(call);
      this.#untold.push(call);
      return call;
    });
  }

  /** Some calls come to their end, the oldest first but for a few that take long. */
  #end(count: number): Call[] {
    const ended: Call[] = [];
    for (let i = 0; i < count && this.#untold.length > 0; i++) {
      const place = this.#random() < 0.9 ? 0 : this.#below(this.#untold.length);
      const [call] = this.#untold.splice(place, 1) as [Call];
      if (this.#random() < 0.06) {
        call.finished = Math.max(this.now, call.submitted);
        call.outcome = this.#random() < 0.8 ? Outcome.cancelled : Outcome.lost;
      } else {
        const lane = this.#below(this.#free.length);
        call.lane = lane;
        call.started = Math.max(this.#free[lane]!, call.submitted) + this.#below(9);
        call.finished = call.started + this.#below(300);
        call.outcome = this.#random() < 0.9 ? Outcome.returned : 2 + 2 * this.#below(2);
        this.#free[lane] = call.finished;
      }
      if (this.#random() < 0.7) {
        call.consumed = call.finished + this.#below(100);
        call.caller = this.#below(2);
      }
      ended.push(call);
    }
    return ended;
  }

  /** One message; `forget` is how many rows more are no longer kept. */
  step(submits: number, ends: number, forget: number) {
    const calls = this.#submit(submits);
    const ended = this.#end(ends);
    this.now = Math.max(this.now, ...ended.map(({ finished }) => finished)) + 1;
    this.first = Math.min(this.calls.length, this.first + forget);
    const waits = ended.filter(() => this.#random() < 0.2).map((call) => this.#wait(call));
    const shown = ended.filter(({ row }) => row >= this.first || this.#random() < 0.2);
    const taken = shown.filter(({ consumed }) => !Number.isNaN(consumed));
    const fields = {
      seq: this.#seq++,
      now: this.now,
      first_row: this.first,
      ...(this.#seq === 1 ? { labels: { first: 0, names: ["even", "odd", "prime"] } } : {}),
      errors: ended.filter(({ outcome }) => hasFailed(outcome)).map(({ row }) => [row, `E${row}`, ""]),
      prints: ended.filter(({ row }) => row % 9 === 0).map(({ row }) => [row, "printed\n", 0]),
    };
    const { header, buffers } = encode(fields, {
      calls: {
        first: calls.map(({ row }) => row),
        count: calls.map(() => 1),
        submitted: calls.map(({ submitted }) => submitted),
        label: calls.map(({ label }) => label),
        item: calls.map(({ item }) => item),
      },
      ended: {
        row: shown.map(({ row }) => row),
        lane: shown.map(({ lane }) => lane),
        sent: shown.map(() => NEVER),
        started: shown.map(({ started }) => started),
        finished: shown.map(({ finished }) => finished),
        delivered: shown.map(({ finished }) => finished),
        outcome: shown.map(({ outcome }) => outcome),
      },
      consumed: {
        row: taken.map(({ row }) => row),
        time: taken.map(({ consumed }) => consumed),
        caller: taken.map(({ caller }) => caller),
      },
      waits: {
        caller: waits.map(({ caller }) => caller),
        kind: waits.map(() => 1),
        start: waits.map(({ start }) => start),
        end: waits.map(({ end }) => end),
        row: waits.map(({ row }) => row),
        times: waits.map(() => 1),
      },
    });
    return decodeMessage(header, buffers);
  }

  #wait({ row, finished }: Call): Wait {
    const wait = { caller: this.#below(2), start: finished - 5, end: finished + 5, row };
    this.waits.push(wait);
    return wait;
  }

  /** What is still kept. */
  get kept(): Call[] {
    return this.calls.slice(this.first);
  }
}

const inLane = (calls: readonly Call[], lane: number) =>
  calls
    .filter((call) => call.outcome !== 0 && call.lane === lane)
    .sort((a, b) => a.started - b.started || a.row - b.row);

const busyAt = (calls: readonly Call[], time: number) =>
  calls.reduce((sum, { started, finished }) => sum + Math.max(0, Math.min(finished, time) - started), 0);

function compare(recording: Recording, run: Run, lanes: number, random: () => number): void {
  const { kept } = run;
  expect([...recording.calls.rows()]).toEqual(kept.map(({ row }) => row));
  for (let row = run.first - 3; row < run.first + 3; row++) {
    const call = kept.find((known) => known.row === row);
    if (call === undefined) expect(row < 0 ? null : recording.calls.get(row)).toBeNull();
    else expect(recording.calls.get(row)).toMatchObject({ submitted: call.submitted, outcome: call.outcome });
  }
  const ended = kept.filter(({ outcome }) => outcome !== 0);
  const tally = new Map<number, number>();
  for (const { outcome } of ended) tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
  expect(new Map([...recording.outcomes].sort())).toEqual(new Map([...tally].sort()));
  const failed = ended.filter(({ outcome }) => hasFailed(outcome)).sort((a, b) => a.finished - b.finished);
  expect(recording.firstFailed === null).toBe(failed.length === 0);
  if (recording.firstFailed !== null) {
    expect(run.calls[recording.firstFailed]).toMatchObject({ finished: failed[0]?.finished });
    expect(recording.firstFailed).toBeGreaterThanOrEqual(run.first);
  }
  expect([...recording.errors.keys()]).toEqual([...recording.errors.keys()].filter((row) => row >= run.first));
  expect([...recording.prints.keys()].every((row) => row >= run.first)).toBe(true);
  const end = run.now + 10;
  for (let lane = 0; lane < lanes; lane++) {
    const mine = inLane(ended, lane);
    const slices = recording.lanes.get(lane)?.slices;
    if (slices === undefined) {
      expect(mine).toEqual([]);
      continue;
    }
    slices.settle();
    const rows = Array.from({ length: slices.count }, (_, i) => slices.row.get(i));
    expect(new Set(rows)).toEqual(new Set(mine.map(({ row }) => row)));
    expect(slices.callCount).toBe(mine.length);
    expect(slices.failedCount(0)).toBe(mine.filter(({ outcome }) => outcome === Outcome.raised).length);
    const sums = new Sums(20);
    slices.sumsAt(0, end / 19, sums);
    for (let i = 0; i < 20; i++) {
      const time = (i * end) / 19;
      expect(slices.busyBefore(time)).toBeCloseTo(busyAt(mine, time), 4);
      expect(Math.abs(sums.busy[i]! - busyAt(mine, time))).toBeLessThanOrEqual(end / 19);
    }
  }
  for (let i = 0; i < 5; i++) {
    const time = random() * end;
    expect(recording.submitted.at(time)).toBe(kept.filter(({ submitted }) => submitted <= time).length);
    const never = ended.filter((call) => call.lane === NO_LANE && call.finished <= time);
    expect(recording.neverRan.at(time)).toBe(never.length);
    for (const caller of [0, 1]) {
      const took = kept.filter((call) => call.caller === caller && call.consumed <= time).length;
      expect(recording.callers.all.get(caller)?.takes.before(time) ?? 0).toBe(took);
      const waits = run.waits.filter((wait) => wait.row >= run.first && wait.caller === caller && wait.start <= time);
      expect(recording.callers.all.get(caller)?.waits.startedBy(time) ?? 0).toBe(waits.length);
    }
    const [from, to] = [time, time + random() * 2000];
    const overlap = ended.filter(
      (c) => c.lane !== NO_LANE && c.started <= to && (c.finished > from || c.started > from),
    );
    const statistics = statisticsOf(recording, from, to, run.now);
    expect(statistics.calls).toBe(overlap.length);
    const lengths = overlap.map(({ started, finished }) => finished - started).sort((a, b) => a - b);
    expect(statistics.median).toBe(lengths.length === 0 ? NEVER : lengths[Math.ceil(lengths.length / 2) - 1]);
  }
  expect([...search(recording, "odd", (kind) => kind)]).toEqual(
    kept.filter(({ label }) => label === 1).map(({ row }) => row),
  );
  const some = ended.find(({ lane }) => lane !== NO_LANE);
  const place = some && placeOf(recording, some.row, run.now);
  if (some && place) {
    const mine = inLane(ended, some.lane).map(({ row }) => row);
    expect(neighbour(recording, place, 1, () => true)).toSatisfy((row) => row === null || mine.includes(row as number));
    expect(neighbour(recording, place, -1, () => true)).toSatisfy(
      (row) => row === null || mine.includes(row as number),
    );
  }
  const load = loadOver(recording, 0, end / 10, 10, end);
  for (let i = 0; i < load.queued.length; i++) {
    const time = (i * end) / 10;
    const waiting = kept.filter(({ submitted }) => submitted <= time).length;
    const gone = ended.filter((c) => (c.lane === NO_LANE ? c.finished : c.started) <= time).length;
    expect(Math.abs(load.queued[i]! - Math.max(0, waiting - gone))).toBeLessThanOrEqual(32 * lanes);
  }
}

describe("what the kernel no longer keeps", () => {
  it.each(Array.from({ length: 12 }, (_, i) => i))("is forgotten as by the slow twin, run %i", (seed) => {
    const random = seeded(1000 + seed);
    const lanes = 1 + (seed % 4);
    const run = new Run(seed, lanes);
    const store = new Store();
    for (let i = 0; i < 25; i++) {
      const size = Math.ceil(random() * (seed % 3 === 0 ? 2000 : 150));
      const forgets = random() < 0.4 ? Math.floor(size * 2 * random()) : 0;
      store.receive(run.step(size, Math.ceil(random() * size * 1.2), forgets), 0);
      if (i % 4 === 3 || i > 22) compare(store.recording, run, lanes, random);
    }
  });

  it("is no longer selected, and what is kept stays so", () => {
    const run = new Run(5, 2);
    const store = new Store();
    store.receive(run.step(100, 50, 0), 0);
    store.selection.choose({ kind: "call", row: 40 });
    store.receive(run.step(1, 1, 40), 0);
    expect(store.selection.row).toBe(40);
    store.receive(run.step(1, 1, 1), 0);
    expect(store.selection.value).toBeNull();
  });

  it("takes summary slices with it once all that is kept came after them", () => {
    const store = new Store();
    const told = (fields: Record<string, unknown>, sections: Parameters<typeof encode>[1]) => {
      const { header, buffers } = encode(fields, sections);
      store.receive(decodeMessage(header, buffers), 0);
    };
    const at = (row: number, submitted: number) => ({
      calls: { first: [row], count: [10], submitted: [submitted], label: [0], item: [-1] },
    });
    const summaries = (batch: number, start: number) => ({
      summaries: { batch: [batch], lane: [0], outcome: [1], start: [start], end: [start + 50], calls: [10] },
    });
    told({ seq: 0, behind: 10 }, { ...at(0, 100), ...summaries(1, 110) });
    told({ seq: 1, behind: 20 }, { ...at(10, 1000), ...summaries(2, 1010) });
    expect(store.recording.summarised).toBe(20);
    told({ seq: 2, behind: 20, first_row: 10 }, {});
    const { slices } = store.recording.lanes.get(0)!;
    expect([store.recording.summarised, slices.callCount, slices.busy]).toEqual([10, 10, 50]);
    // The rows of the first batch come after all, too late; those of the second in time.
    const rows = [...Array(10).keys()];
    const ended = (first: number) => ({
      ended: {
        row: rows.map((i) => first + i),
        lane: rows.map(() => 0),
        sent: rows.map(() => NEVER),
        started: rows.map((i) => 1010 + 5 * i),
        finished: rows.map((i) => 1015 + 5 * i),
        delivered: rows.map((i) => 1015 + 5 * i),
        outcome: rows.map(() => 1),
      },
    });
    told({ seq: 3, behind: 10, first_row: 10, follows: [1] }, ended(0));
    told({ seq: 4, first_row: 10, follows: [2] }, ended(10));
    expect([store.recording.summarised, slices.callCount, slices.busy]).toEqual([0, 10, 50]);
    expect([...store.recording.calls.rows()]).toEqual(rows.map((i) => 10 + i));
    expect(slices.row.get(0)).not.toBe(NO_ROW);
  });

  it("gives its memory back: what is held does not grow with what was", () => {
    const held = (recording: Recording) => {
      const columns = [...recording.lanes.values()].flatMap(({ slices }) => [
        slices.start,
        slices.end,
        slices.row,
        slices.code,
        slices.calls,
      ]);
      return recording.calls.bytes + columns.reduce((sum, column) => sum + column.bytes, 0);
    };
    const store = new Store();
    const lanes = 4;
    const limit = 20_000;
    const sizes: number[] = [];
    for (let seq = 0; seq < 30; seq++) {
      const rows = Array.from({ length: 4000 }, (_, i) => seq * 4000 + i);
      const first = Math.max(0, (seq + 1) * 4000 - limit);
      const { header, buffers } = encode(
        { seq, now: seq * 8e6, first_row: first },
        {
          calls: { first: [seq * 4000], count: [4000], submitted: [seq * 8e6], label: [0], item: [0] },
          ended: {
            row: rows,
            lane: rows.map((row) => row % lanes),
            sent: rows.map(() => NEVER),
            started: rows.map((row) => 1000 * row),
            finished: rows.map((row) => 1000 * row + 900),
            delivered: rows.map((row) => 1000 * row + 900),
            outcome: rows.map(() => 1),
          },
        },
      );
      store.receive(decodeMessage(header, buffers), 0);
      sizes.push(held(store.recording));
    }
    const full = sizes[limit / 4000]!;
    expect(store.recording.calls.rows().length).toBe(limit);
    expect(Math.max(...sizes.slice(limit / 4000))).toBeLessThan(1.3 * full);
  });
});
