/** The fold: what the page knows after some messages. */
import { describe, expect, it } from "vitest";
import { encode, type Sections } from "../dev/encode";
import { snapshot } from "../dev/synthetic";
import { Outcome } from "../src/base/codes";
import { NO_LANE } from "../src/base/message";
import { thereIn } from "../src/model/busy";
import { extent, figures, longestRunning } from "../src/model/figures";
import { loadOver } from "../src/model/load";
import { nearestCall, neighbour, placeOf } from "../src/model/neighbours";
import { Recording } from "../src/model/recording";
import { statisticsOf } from "../src/model/statistics";
import { decodeMessage } from "../src/protocol/decode";

const MS = 1e6;

function message(fields: Record<string, unknown>, sections: Sections = {}) {
  const { header, buffers } = encode(fields, sections);
  return decodeMessage(header, buffers);
}

const ended = (row: number, lane: number, started: number, finished: number, outcome: number) => ({
  ended: {
    row: [row],
    lane: [lane],
    sent: [Number.NaN],
    started: [started],
    finished: [finished],
    delivered: [finished + MS],
    outcome: [outcome],
  },
});

const announced = {
  calls: { first: [10, 5000], count: [3, 1], submitted: [1 * MS, 2 * MS], label: [0, 1], item: [7, -1] },
};

describe("calls", () => {
  it("know their label, their time and their item, and rows between them stay absent", () => {
    const recording = new Recording();
    recording.fold(message({ labels: { first: 0, names: ["f", "g"] } }, announced));
    expect(recording.calls.get(12)).toMatchObject({ submitted: MS, label: 0, item: 9, outcome: Outcome.none });
    expect(recording.calls.get(5000)).toMatchObject({ submitted: 2 * MS, label: 1, item: -1 });
    expect(recording.calls.get(13)).toBeNull();
    expect(recording.calls.get(4_000_000_000)).toBeNull();
    expect([...recording.labels.values()]).toEqual(["f", "g"]);
  });

  it("may be announced in a run that spans many chunks", () => {
    const recording = new Recording();
    recording.fold(message({}, { calls: { first: [4090], count: [10_000], submitted: [MS], label: [3], item: [0] } }));
    for (const row of [4090, 4096, 9999, 14_089]) expect(recording.calls.get(row)?.item).toBe(row - 4090);
    expect(recording.calls.get(4089)).toBeNull();
    expect(recording.calls.get(14_090)).toBeNull();
  });

  it("run until they end, whatever order the news comes in", () => {
    const recording = new Recording();
    const running = { running: { row: [10], lane: [1], started: [3 * MS] } };
    recording.fold(message({}, { ...announced, ...running }));
    expect(longestRunning(recording, 8 * MS)).toBe(5 * MS);
    recording.fold(message({}, ended(10, 1, 3 * MS, 9 * MS, Outcome.returned)));
    recording.fold(message({}, running));
    expect(longestRunning(recording, 12 * MS)).toBeNull();
    expect(recording.lanes.get(1)?.slices.count).toBe(1);
  });

  it("are not drawn twice when a message repeats their end", () => {
    const recording = new Recording();
    for (let i = 0; i < 2; i++) recording.fold(message({}, ended(10, 1, 3 * MS, 9 * MS, Outcome.raised)));
    expect(recording.lanes.get(1)?.slices.count).toBe(1);
    expect(recording.outcomes.get(Outcome.raised)).toBe(1);
  });

  it("that never ran have no slice", () => {
    const recording = new Recording();
    recording.fold(message({}, { ...announced, ...ended(11, 65535, Number.NaN, 4 * MS, Outcome.cancelled) }));
    expect(recording.lanes.size).toBe(0);
    expect(recording.neverRan.at(4 * MS)).toBe(1);
    expect(recording.calls.outcomeOf(11)).toBe(Outcome.cancelled);
  });

  it("that run in a worker without a lane get none", () => {
    const recording = new Recording();
    recording.fold(message({}, { ...announced, running: { row: [10], lane: [NO_LANE], started: [2 * MS] } }));
    expect([...recording.running.keys()]).toEqual([10]);
    expect(recording.lanes.size).toBe(0);
  });

  it("that failed first are remembered, not those that were told first", () => {
    const recording = new Recording();
    recording.fold(message({ errors: [[11, "ValueError: 11", ""]] }, ended(11, 0, 2 * MS, 9 * MS, Outcome.raised)));
    recording.fold(message({ errors: [[10, "KeyError: 10", ""]] }, ended(10, 1, 2 * MS, 5 * MS, Outcome.lost)));
    expect(recording.firstFailed).toBe(10);
    expect(recording.errors.get(10)?.error).toBe("KeyError: 10");
  });

  it("gathers what a call prints over several messages, and counts what is missing", () => {
    const recording = new Recording();
    recording.fold(message({ prints: [[10, "one\n", 0]] }, announced));
    recording.fold(message({ prints: [[10, "two\n", 2]], prints_omitted: 3 }));
    recording.fold(message({ prints: [[11, "", 5]] }));
    expect(recording.prints.get(10)).toEqual({ text: "one\ntwo\n", cut: 2 });
    expect(recording.prints.get(11)).toEqual({ text: "", cut: 5 });
    expect(recording.printsOmitted).toBe(3);
  });
});

describe("summary slices", () => {
  const none = Number.NaN;
  const told = message(
    {},
    {
      ended: { ...ended(10, 0, 2 * MS, 3 * MS, Outcome.raised).ended },
      summaries: {
        lane: [0, 0, 1, 65535],
        outcome: [Outcome.returned, Outcome.raised, Outcome.returned, Outcome.cancelled],
        start: [4 * MS, 7 * MS, 4 * MS, none],
        end: [7 * MS, 8 * MS, 5 * MS, 6 * MS],
        calls: [300, 5, 40, 7],
      },
      arrivals: { time: [1 * MS, 2 * MS], calls: [340, 13] },
      consumed: { row: [10, 4294967295], time: [4 * MS, 8 * MS], caller: [0, 0] },
    },
  );
  const recording = new Recording();
  recording.fold(told);

  it("count for as many calls as they stand for, and as long as those were busy", () => {
    const slices = recording.lanes.get(0)!.slices;
    expect([slices.count, slices.callCount, slices.busy]).toEqual([3, 306, 5 * MS]);
    expect(Object.fromEntries(recording.outcomes)).toEqual({
      [Outcome.raised]: 6,
      [Outcome.returned]: 340,
      [Outcome.cancelled]: 7,
    });
    expect(recording.summarised).toBe(352);
    expect([recording.neverRan.at(5 * MS), recording.neverRan.at(6 * MS)]).toEqual([0, 7]);
    expect([recording.submitted.at(MS), recording.submitted.at(2 * MS)]).toEqual([340, 353]);
    expect(recording.callers.all.get(0)?.takes.before(9 * MS)).toBe(2);
  });

  it("are no calls that could be listed, found or gone to", () => {
    expect([...recording.calls.rows()]).toEqual([10]);
    const lane = recording.lanes.get(0)!;
    expect(nearestCall(recording, lane, 7 * MS, () => true)).toBe(10);
    const place = placeOf(recording, 10, 9 * MS)!;
    expect(neighbour(recording, place, 1, () => true)).toBeNull();
  });

  it("are counted in a span, whose typical length is that of the calls that are known", () => {
    const { counts, calls, summarised, median } = statisticsOf(recording, 0, 9 * MS, 9 * MS);
    expect([calls, summarised, median]).toEqual([346, 345, MS]);
    expect(Object.fromEntries(counts)).toEqual({ returned: 340, raised: 6 });
  });

  it("make the queue as deep as their calls did", () => {
    const load = loadOver(recording, 0, MS, 9, 9 * MS);
    // 340 come at 1 ms, 13 at 2; one starts at 2, 340 at 4, five at 7; seven never do and leave at 6.
    expect([...load.queued]).toEqual([0, 340, 352, 352, 12, 12, 5, 0, 0]);
  });
});

describe("summary slices whose rows follow", () => {
  const summaries = {
    batch: [3, 3, 4, 4],
    lane: [0, 1, 0, 65535],
    outcome: [Outcome.returned, Outcome.returned, Outcome.returned, Outcome.cancelled],
    start: [2 * MS, 2 * MS, 5 * MS, Number.NaN],
    end: [4 * MS, 3 * MS, 6 * MS, 7 * MS],
    calls: [2, 3, 4, 5],
  };
  const late = {
    ended: {
      row: [10, 11],
      lane: [0, 0],
      sent: [MS, MS],
      started: [2 * MS, 3.5 * MS],
      finished: [3 * MS, 4.5 * MS],
      delivered: [6 * MS, 6 * MS],
      outcome: [Outcome.returned, Outcome.returned],
    },
  };
  const start = () => {
    const recording = new Recording();
    recording.fold(message({}, { ...announced, running: { row: [10], lane: [0], started: [2 * MS] } }));
    recording.fold(message({ behind: 14 }, { summaries }));
    return recording;
  };

  it("are replaced by those rows, and only they", () => {
    const recording = start();
    expect(recording.running.size, "what has ended unseen does not run on").toBe(0);
    recording.fold(message({ behind: 9, follows: [3] }, late));
    const slices = recording.lanes.get(0)!.slices;
    slices.settle();
    expect(Array.from({ length: slices.count }, (_, i) => slices.row.get(i))).toEqual([10, 11, 4294967295]);
    expect([slices.callCount, slices.busy, recording.lanes.get(1)?.slices.count]).toEqual([6, 3 * MS, 0]);
    expect([recording.summarised, recording.outcomes.get(Outcome.returned)]).toEqual([9, 6]);
    expect([recording.neverRan.at(7 * MS), recording.outcomes.get(Outcome.cancelled)]).toEqual([5, 5]);
    recording.fold(message({ follows: [4] }, {}));
    expect([recording.summarised, recording.neverRan.at(7 * MS), slices.count]).toEqual([0, 0, 2]);
  });

  it("may be of a message that was lost", () => {
    const recording = start();
    recording.fold(message({ follows: [99] }, late));
    expect(recording.lanes.get(0)?.slices.count).toBe(4);
  });
});

describe("waits", () => {
  const wait = (start: number, end: number) => ({
    waits: { caller: [0], kind: [1], start: [start], end: [end], row: [10] },
  });

  it("stay open until they are told again with an end", () => {
    const recording = new Recording();
    recording.fold(message({}, wait(5 * MS, Number.NaN)));
    recording.fold(message({}, wait(5 * MS, Number.NaN)));
    const caller = recording.callers.all.get(0);
    expect([caller?.open.length, caller?.waits.count]).toEqual([1, 0]);
    recording.fold(message({}, wait(5 * MS, 8 * MS)));
    expect([caller?.open.length, caller?.waits.count]).toEqual([0, 1]);
  });
});

describe("the time that is shown", () => {
  it("begins with the first call that is kept, though a wait that began before it is told after it", () => {
    const recording = new Recording();
    const counts = { total: 4, pending: 4, running: 0, finished: 0, failed: 0, cancelled: 0 };
    const told = message({ counts, dropped: 3, first_row: 13, now: 9 * MS }, announced);
    recording.fold(told);
    expect(extent(recording, told, 9 * MS)).toEqual({ start: 2 * MS, end: 9 * MS });
    recording.fold(message({}, { waits: { caller: [0], kind: [2], start: [MS], end: [8 * MS], row: [5000] } }));
    expect(extent(recording, told, 9 * MS)).toEqual({ start: 2 * MS, end: 9 * MS });
    expect(figures(recording, told, 9 * MS).elapsed).toBe(7 * MS);
  });
});

describe("the figures", () => {
  const recording = new Recording();
  const lanes = [0, 1].map((lane) => ({
    lane,
    pool: 1,
    name: `w${lane}`,
    ident: 7,
    started: 0,
    ready: 0,
    exited: null,
    detail: "",
    how: "none" as const,
  }));
  const counts = { total: 4, pending: 1, running: 1, finished: 2, failed: 0, cancelled: 0 };
  const told = message(
    { lanes, counts, now: 10 * MS },
    { ...announced, ...ended(10, 0, 2 * MS, 6 * MS, Outcome.returned) },
  );
  recording.fold(told);
  recording.fold(message({}, ended(11, 1, 2 * MS, 3 * MS, Outcome.returned)));
  recording.fold(message({}, { running: { row: [12], lane: [1], started: [4 * MS] } }));

  it("count the time from the first submission to now while calls run", () => {
    expect(extent(recording, told, 10 * MS)).toEqual({ start: MS, end: 10 * MS });
    const { elapsed, perSecond, left } = figures(recording, told, 10 * MS);
    expect(elapsed).toBe(9 * MS);
    expect(perSecond).toBeCloseTo(2 / 0.009);
    // The running call has run longer than the others: as long again, and one call at 2 in 9 ms follows on it.
    expect(left).toBeCloseTo(6 * MS + 4.5 * MS);
  });

  it("share the busy time over the time that the workers were there", () => {
    // 4 ms and 1 ms finished, 6 ms of a running call, in two lanes of 9 ms.
    expect(figures(recording, told, 10 * MS).utilisation).toBeCloseTo(11 / 18);
    const lane = recording.lanes.get(0);
    expect(lane && thereIn({ start: MS, end: 10 * MS }, lane, false)).toBe(9 * MS);
  });

  it("say nothing of a run in which nothing has happened", () => {
    const empty = message({});
    expect(extent(new Recording(), empty, 5)).toBeNull();
    expect(figures(new Recording(), empty, 5).perSecond).toBeNaN();
  });
});

describe("the load over time", () => {
  it("counts queue and workers like a look at each call", () => {
    const encoded = snapshot({ calls: 300, lanes: 4, length: 10 * MS, failing: 0.1 }, 300 * MS);
    const told = decodeMessage(encoded.header, encoded.buffers);
    const recording = new Recording();
    recording.fold(told);
    const [bins, step] = [60, 5 * MS];
    const load = loadOver(recording, 0, step, bins, told.now);
    const rows = Array.from({ length: 300 }, (_, row) => recording.calls.get(row)).filter((call) => call !== null);
    expect(rows.length).toBe(300);
    load.queued.forEach((queued, i) => {
      const time = i * step;
      expect(queued).toBe(rows.filter((call) => call.submitted <= time && !(call.started <= time)).length);
      const ends = (call: { finished: number }) => (Number.isNaN(call.finished) ? told.now : call.finished);
      const busy = rows.reduce(
        (sum, call) => sum + Math.max(0, Math.min(ends(call), time + step) - Math.max(call.started, time) || 0),
        0,
      );
      expect(load.running[i]).toBeCloseTo(busy / step, 4);
    });
    expect(load.queued.length).toBe(60);
    expect(loadOver(recording, 0, 10 * MS, bins, told.now).queued.length).toBe(30);
  });
});
