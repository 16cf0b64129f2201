/** The line above the picture: what runs, how far it is, how fast, and what went wrong, in words. */
import { hasFailed, outcomeName } from "../base/codes";
import { duration, percent, rate, whole } from "../base/format";
import type { PageMs } from "../base/units";
import { isUnderWay } from "../model/busy";
import { figures } from "../model/figures";
import type { Store } from "../model/store";
import type { Merged } from "../render/scene";
import { element, setAttribute, setHidden, setText } from "./dom";
import { shortName } from "./naming";
import { words } from "./words";

/** A number with its unit of speech: `12 calls/s`. */
class Fact {
  readonly #value = element("span", "pv-value");
  readonly #unit = element("span", "pv-unit");
  readonly node = element("span", "pv-fact", this.#value, " ", this.#unit);

  show(value: string | null, unit: string): void {
    setHidden(this.node, value === null);
    setText(this.#value, value ?? "");
    setText(this.#unit, value === null ? "" : unit);
  }
}

function failureWords(store: Store): string {
  const { recording } = store;
  const failed = [...recording.outcomes].filter(([code]) => hasFailed(code)).sort(([a], [b]) => a - b);
  const parts = failed.map(([code, count]) => words.failed(whole(count), outcomeName(code)));
  const { dropped = 0, counts } = store.head ?? {};
  const before = (counts?.failed ?? 0) - failed.reduce((sum, [, count]) => sum + count, 0);
  if (dropped > 0 && before > 0) parts.push(words.failedBefore(whole(before)));
  const text = words.failures(parts, whole(counts?.total ?? 0));
  const first = recording.firstFailed;
  if (first === null) return text;
  const error = recording.errors.get(first)?.error;
  return `${text}, ${words.first(shortName(recording, first))}${error ? `: ${error}` : ""}`;
}

/** More characters than any line has room for: the rest would only be laid out. */
const LONGEST = 500;

const shortened = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

export class Header {
  readonly #title = element("span", "pv-title");
  readonly #stateWord = element("span", "");
  readonly #state = element("span", "pv-state", element("span", "pv-dot"), this.#stateWord);
  readonly #done = new Fact();
  readonly #cancelled = new Fact();
  readonly #rate = new Fact();
  readonly #elapsed = new Fact();
  readonly #left = new Fact();
  readonly #busy = new Fact();
  readonly #merged = new Fact();
  readonly #summarised = new Fact();
  readonly #failureWords = element("span", "");
  readonly #failures = element("div", "pv-failures", this.#failureWords);
  readonly #notice = element("div", "pv-notice");
  readonly #bars = (["finished", "failed", "cancelled", "running"] as const).map(
    (kind) => [kind, element("span", `pv-part pv-part-${kind}`)] as const,
  );
  readonly node: HTMLElement;

  /** @param buttons what stands at the right end */
  constructor(buttons: HTMLElement) {
    const all = [
      this.#done,
      this.#cancelled,
      this.#rate,
      this.#elapsed,
      this.#left,
      this.#busy,
      this.#summarised,
      this.#merged,
    ];
    const facts = all.map((fact) => fact.node);
    const line = element("div", "pv-line", this.#title, this.#state, element("span", "pv-facts", ...facts), buttons);
    const progress = element("div", "pv-progress", ...this.#bars.map(([, bar]) => bar));
    progress.setAttribute("aria-hidden", "true");
    const cross = element("span", "pv-cross", "✕");
    cross.setAttribute("aria-hidden", "true");
    this.#failures.prepend(cross);
    this.#merged.show(null, "");
    this.#merged.node.title = words.mergedHint;
    this.#notice.setAttribute("role", "status");
    this.node = element("div", "pv-header", line, this.#failures, this.#notice, progress);
  }

  /** Say what the picture summarises. */
  showMerged({ lanes, calls }: Merged): void {
    this.#merged.show(lanes === 0 ? null : whole(calls), words.mergedCalls);
  }

  update(store: Store, page: PageMs): void {
    const { head } = store;
    setText(this.#title, head?.title || words.untitled);
    setText(this.#stateWord, words.states[head?.state ?? "live"]);
    setHidden(this.#state, head === null);
    this.#updateFacts(store, page);
    const failed = head !== null && head.counts.failed > 0;
    setHidden(this.#failures, !failed);
    if (failed) {
      const text = failureWords(store);
      setText(this.#failureWords, shortened(text));
      setAttribute(this.#failures, "title", text);
    }
    const notice = this.#noticeText(store, page);
    setHidden(this.#notice, notice === "");
    setText(this.#notice, notice);
    const total = Math.max(1, head?.counts.total ?? 0);
    for (const [kind, bar] of this.#bars) {
      setAttribute(bar, "style", `width: ${((100 * (head?.counts[kind] ?? 0)) / total).toFixed(2)}%`);
    }
  }

  #updateFacts(store: Store, page: PageMs): void {
    const { head, recording } = store;
    const behind = (head?.behind ?? 0) > 0;
    const unit = behind ? words.summarisedForNow : words.summarisedCalls;
    this.#summarised.show(recording.summarised === 0 ? null : whole(recording.summarised), unit);
    setAttribute(this.#summarised.node, "title", behind ? words.summarisedForNowHint : words.summarisedHint);
    if (head === null || head.counts.total === 0) {
      for (const fact of [this.#cancelled, this.#rate, this.#elapsed, this.#left, this.#busy]) fact.show(null, "");
      this.#done.show("", words.loading);
      return;
    }
    const { total, cancelled } = head.counts;
    const now = head.state === "live" ? store.link.now(page) : head.now;
    const { done, elapsed, perSecond, left, utilisation } = figures(recording, head, now);
    if (isUnderWay(head)) this.#done.show(words.done(whole(done), whole(total)), words.doneUnit(total));
    else this.#done.show(whole(total), words.allDone(whole(total), total));
    this.#cancelled.show(cancelled === 0 ? null : whole(cancelled), words.kinds.cancelled);
    this.#rate.show(Number.isNaN(perSecond) ? null : rate(perSecond), words.rate);
    this.#elapsed.show(elapsed === null ? null : duration(elapsed), words.elapsed);
    this.#left.show(left === null ? null : words.about(duration(left)), words.left);
    this.#busy.show(Number.isNaN(utilisation) ? null : percent(utilisation), words.busy);
  }

  #noticeText(store: Store, page: PageMs): string {
    const { head, link } = store;
    const parts: string[] = [];
    if (store.problem !== null) parts.push(words.problem(store.problem));
    if (head !== null && head.state === "live" && isUnderWay(head) && link.isSilent(page) && link.heard !== null) {
      const since = new Date(Date.now() - (page - link.heard));
      parts.push(words.silent(since.toLocaleTimeString()));
    }
    if (store.hasGap) parts.push(words.gap);
    if (head !== null && head.dropped > 0) parts.push(words.dropped(whole(head.dropped), head.dropped));
    return parts.join(" · ");
  }
}
