/** Runs that never happened, for looking at: deterministic, of any size. */
import { type Encoded, encode } from "./encode";

const MS = 1e6;

/** A small seeded generator, so that a picture can be made again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Plan {
  readonly calls: number;
  readonly lanes: number;
  /** Typical length of a call, in ns. */
  readonly length: number;
  /** Share of calls that raise. */
  readonly failing?: number;
  readonly pools?: number;
  /** Of every pool; by default they are of processes and of threads in turn. */
  readonly kind?: "process" | "thread";
  /** Items of a chunk, which one worker runs one after another; 1 by default. */
  readonly chunk?: number;
  readonly seed?: number;
}

interface Ended {
  row: number;
  lane: number;
  started: number;
  finished: number;
  outcome: number;
}

function simulate({ calls, lanes, length, failing = 0, seed = 7, chunk = 1 }: Plan): Ended[] {
  const random = seeded(seed);
  const free = Array.from({ length: lanes }, (_, lane) => 60 * MS + lane * 9 * MS * random());
  const ended: Ended[] = [];
  let lane = 0;
  for (let row = 0; row < calls; row++) {
    if (row % chunk === 0) {
      lane = 0;
      for (let i = 1; i < lanes; i++) if (free[i]! < free[lane]!) lane = i;
    }
    const started = free[lane]! + length * 0.02 * random();
    const finished = started + length * (0.35 + random() ** 3 * 3);
    free[lane] = finished;
    const draw = random();
    const outcome = draw >= failing ? 1 : draw < failing * 0.7 ? 2 : draw < failing * 0.85 ? 4 : 5;
    ended.push({ row, lane, started, finished, outcome });
  }
  return ended;
}

const columns = (ended: readonly Ended[]) => ({
  row: ended.map((call) => call.row),
  lane: ended.map((call) => call.lane),
  sent: ended.map((call) => call.started - 0.2 * MS),
  started: ended.map((call) => call.started),
  finished: ended.map((call) => call.finished),
  delivered: ended.map((call) => call.finished + 0.3 * MS),
  outcome: ended.map((call) => call.outcome),
  bytes_out: ended.map((call) => 40 + ((call.row * 7919) % 5000)),
  bytes_in: ended.map((call) => (call.outcome === 1 ? 30 + ((call.row * 104_729) % 3000) : 0)),
});

/** The deltas of a run, one for each `every` ns of it. */
export function* deltas(plan: Plan, every: number): Generator<Encoded> {
  const all = simulate(plan).sort((a, b) => a.finished - b.finished);
  const calls = { first: [0], count: [plan.calls], submitted: [MS], label: [0], item: [0] };
  for (let seq = 0, next = 0, failed = 0; next < all.length; seq++) {
    const now = (seq + 1) * every;
    const from = next;
    while (next < all.length && all[next]!.finished <= now) next++;
    const ended = all.slice(from, next);
    failed += ended.filter((call) => call.outcome > 1).length;
    const lanes = new Map<number, Ended>();
    for (let i = next; i < all.length && lanes.size < plan.lanes; i++) {
      if (all[i]!.started <= now && !lanes.has(all[i]!.lane)) lanes.set(all[i]!.lane, all[i]!);
      if (i > next + 4 * plan.lanes) break;
    }
    const running = [...lanes.values()];
    const pending = plan.calls - next - running.length;
    const counts = {
      total: plan.calls,
      pending,
      running: running.length,
      finished: next - failed,
      failed,
      cancelled: 0,
    };
    const fields = { seq, now, counts, ...(seq === 0 ? people(plan, null) : {}) };
    yield encode(next < all.length ? fields : { ...fields, state: "done" }, {
      ...(seq === 0 ? { calls } : {}),
      running: {
        row: running.map((call) => call.row),
        lane: running.map((call) => call.lane),
        started: running.map((call) => call.started),
      },
      ended: columns(ended),
    });
  }
}

function people(plan: Plan, end: number | null) {
  const pools = plan.pools ?? 1;
  return {
    labels: { first: 0, names: ["is_prime"] },
    callers: { first: 0, names: ["MainThread"] },
    pools: Array.from({ length: pools }, (_, pool) => ({
      pool: pool + 1,
      kind: plan.kind ?? (pool % 2 ? "thread" : "process"),
      name: pool % 2 ? "ThreadPoolExecutor" : "ProcessPoolExecutor",
      workers: plan.lanes / pools,
      opened: 0,
      closed: end,
      method: pool % 2 ? "" : "spawn",
    })),
    lanes: Array.from({ length: plan.lanes }, (_, lane) => ({
      lane,
      pool: 1 + Math.floor((lane * pools) / plan.lanes),
      name: `worker ${lane + 1}`,
      ident: 41230 + lane * 3,
      started: 2 * MS + lane * 3 * MS,
      ready: 55 * MS + lane * 2 * MS,
      exited: end,
      detail: "",
      how: "none" as const,
    })),
  };
}

/** A run as it stands at `now`; by default long after its end. */
export function snapshot(plan: Plan, now = Number.POSITIVE_INFINITY, fields: Record<string, unknown> = {}): Encoded {
  const all = simulate(plan);
  const end = all.reduce((latest, call) => Math.max(latest, call.finished), 0) + 3 * MS;
  const live = now < end;
  const ended = all.filter((call) => call.finished <= now);
  const running = all.filter((call) => call.started <= now && call.finished > now);
  const failed = ended.filter((call) => call.outcome > 1);
  const counts = {
    total: plan.calls,
    pending: plan.calls - ended.length - running.length,
    running: running.length,
    finished: ended.length - failed.length,
    failed: failed.length,
    cancelled: 0,
  };
  const waitEnd = live ? Number.NaN : end;
  return encode(
    {
      kind: "snapshot",
      seq: -1,
      now: Math.min(now, end),
      state: live ? "live" : "done",
      counts,
      ...people(plan, live ? null : end),
      errors: failed.slice(0, 100).map((call) => [call.row, `ValueError: ${call.row} is not welcome`, ""]),
      prints: ended
        .filter(({ row }) => row % 20 === 3)
        .slice(0, 50)
        .map(({ row }) => [row, `looking at ${row}\n`.repeat((row % 30) + 1), row % 3]),
      ...fields,
    },
    plan.calls === 0
      ? {}
      : {
          calls: { first: [0], count: [plan.calls], submitted: [1 * MS], label: [0], item: [0] },
          ...(plan.chunk ? { chunks: { first: [0], count: [plan.calls], size: [plan.chunk] } } : {}),
          running: {
            row: running.map((call) => call.row),
            lane: running.map((call) => call.lane),
            started: running.map((call) => call.started),
          },
          ended: columns(ended),
          consumed: {
            row: ended.map((call) => call.row),
            time: ended.map((call) => call.finished + 0.5 * MS),
            caller: ended.map(() => 0),
          },
          waits: { caller: [0], kind: [2], start: [1.2 * MS], end: [waitEnd], row: [0] },
        },
  );
}
