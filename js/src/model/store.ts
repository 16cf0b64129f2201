/** Keeps the recording of one widget in step with the kernel: order of messages, gaps, resync, and who wants to know. */
import { Changes } from "../base/listen";
import type { Message, MessageHead } from "../base/message";
import type { Ns, PageMs } from "../base/units";
import { isUnderWay } from "./busy";
import { Link } from "./link";
import { Recording } from "./recording";
import { Selection } from "./selection";

/** A resync is asked for again while no answer comes: right after a widget was made, the host may hold the request back. */
const ASK_AGAIN: PageMs = 250;
const ASK_AT_MOST_EVERY: PageMs = 8000;

export class Store {
  readonly changes = new Changes();
  readonly link = new Link();
  readonly selection = new Selection();
  recording = new Recording();
  /** Where the newest message stands; null before the first. */
  head: MessageHead | null = null;
  /** Why what came cannot be shown, in words; null while all is well. */
  problem: string | null = null;
  readonly #askResync: (have: number) => void;
  #seq = -1;
  /** The last delta before the first one that is missing; null when none is. */
  #gapAfter: number | null = null;
  /** Whether what is shown was made to be kept, so that it lacks what the stream has. */
  #isKept = false;
  #askedAt: PageMs = 0;
  #patience: PageMs = ASK_AGAIN;

  /** @param askResync tells the kernel the number of the last delta that came before a gap */
  constructor(askResync: (have: number) => void = () => {}) {
    this.#askResync = askResync;
  }

  get hasGap(): boolean {
    return this.#gapAfter !== null && !this.#isKept;
  }

  /** Whether time goes on: the trace is live and calls wait or run. */
  get isLive(): boolean {
    return this.head !== null && this.head.state === "live" && isUnderWay(this.head);
  }

  /** The trace's time at `page`; it stands still once nothing waits or runs. */
  now(page: PageMs): Ns {
    return this.isLive ? this.link.now(page) : (this.head?.now ?? 0);
  }

  /**
   * Take a message.
   *
   * @param page when it came, on the page's clock
   */
  receive(message: Message, page: PageMs): void {
    const taken = message.kind === "snapshot" ? this.#takeSnapshot(message) : this.#takeDelta(message, page);
    if (!taken) return;
    this.link.hear(message.now, page);
    this.problem = null;
    const { kind, seq, now, state, title, origin, wall, counts, dropped, behind } = message;
    // Before the first message a row of the selection is the number of its call.
    const moved = (this.head?.origin ?? 0) - origin;
    // Only the head: the columns are folded, and holding on to them would double the memory of a long run.
    this.head = { kind, seq, now, state, title, origin, wall, counts, dropped, behind };
    this.selection.shift(moved);
    this.selection.forgetBefore(message.firstRow);
    this.changes.notify();
  }

  /** Say why a message could not be read. What was shown before stays. */
  fail(problem: string): void {
    this.problem = problem;
    this.changes.notify();
  }

  #takeSnapshot(message: Message): boolean {
    // One that is older than what the stream has brought since would take it away again.
    if (message.seq < this.#seq) return false;
    // What was made to be kept may be summarised: a page that has followed the stream knows more.
    if (message.kept && message.seq === this.#seq && this.head !== null && this.#gapAfter === null) return false;
    this.recording = new Recording();
    this.recording.fold(message);
    this.#seq = message.seq;
    this.#isKept = message.kept;
    this.#gapAfter = message.kept ? message.seq : null;
    this.#patience = ASK_AGAIN;
    return true;
  }

  #takeDelta(message: Message, page: PageMs): boolean {
    if (message.seq <= this.#seq) return false;
    const have = this.#seq;
    // Its rows are counted from another call: the snapshot that says so is missing, and to fold it would write to other calls' rows.
    if (this.head !== null && message.origin !== this.head.origin) {
      const noticed = this.#gapAfter === null;
      this.#gapAfter ??= have;
      this.link.hear(message.now, page);
      if (noticed || page - this.#askedAt >= this.#patience) this.#ask(this.#gapAfter, page);
      this.changes.notify();
      return false;
    }
    this.#seq = message.seq;
    this.recording.fold(message);
    const gap = message.seq !== have + 1;
    if (gap) this.#gapAfter ??= have;
    if (this.#gapAfter !== null && (gap || page - this.#askedAt >= this.#patience)) this.#ask(this.#gapAfter, page);
    return true;
  }

  #ask(have: number, page: PageMs): void {
    this.#askedAt = page;
    this.#patience = Math.min(2 * this.#patience, ASK_AT_MOST_EVERY);
    this.#askResync(have);
  }
}
