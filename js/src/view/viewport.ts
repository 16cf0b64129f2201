/** Which part of the run is shown: all of it and growing while it is live, or what the user chose. */
import { moved, SHORTEST_SPAN, type Span, TimeScale, within, zoomed } from "../base/scale";
import type { Ns, PageMs, Px } from "../base/units";

/** While live the scale stays still until the run comes near its right edge; then there is room again for so much. */
const HEADROOM = 1.3;
const LEAST_LIVE: Ns = 0.5e9;
const EASE: PageMs = 90;

/** Free room at the right of a finished run, so that its last edge can be seen. */
const MARGIN = 1.01;

const NOTHING: Span = { start: 0, end: 1e9 };

export class Viewport {
  #chosen: Span | null = null;
  #target: Span = NOTHING;
  #shown: Span = NOTHING;
  #known = false;
  #movedAt: PageMs = 0;

  /** Whether the view shows all, and follows while the run goes on. */
  get follows(): boolean {
    return this.#chosen === null;
  }

  /** All of the run, with the room that it has to grow. */
  get bounds(): Span {
    return this.#shown;
  }

  get span(): Span {
    return this.#chosen ?? this.#shown;
  }

  /** Whether the view has not yet come to rest. */
  get moves(): boolean {
    return this.#shown.end !== this.#target.end;
  }

  scale(width: Px): TimeScale {
    return new TimeScale(this.span.start, this.span.end, width);
  }

  /**
   * Take note of how long the run is.
   *
   * @param extent of the run; null while nothing has happened
   * @param growing whether it goes on
   * @param page the page's clock
   * @param eased whether the view may glide; else it jumps
   */
  update(extent: Span | null, growing: boolean, page: PageMs, eased: boolean): void {
    if (extent !== null) this.#target = this.#aim(extent, growing);
    const elapsed = page - this.#movedAt;
    this.#movedAt = page;
    const { start, end } = this.#target;
    const distance = end - this.#shown.end;
    const still = !this.#known || !eased || Math.abs(distance) < (end - start) * 1e-3;
    const share = still ? 1 : 1 - Math.exp(-Math.max(0, Math.min(elapsed, 100)) / EASE);
    this.#shown = { start, end: still ? end : this.#shown.end + distance * share };
    this.#known ||= extent !== null;
  }

  #aim({ start, end }: Span, growing: boolean): Span {
    const length = Math.max(end - start, 1e3);
    if (!growing) return { start, end: start + length * MARGIN };
    const room = this.#target.end - start;
    const fits = this.#known && length < room * 0.985 && length * HEADROOM * 2 > room;
    return fits ? { start, end: this.#target.end } : { start, end: start + Math.max(length * HEADROOM, LEAST_LIVE) };
  }

  /** Make the shown span `factor` times as long around a time. */
  zoom(anchor: Ns, factor: number): void {
    this.#choose(zoomed(this.span, anchor, factor));
  }

  pan(by: Ns): void {
    if (this.#chosen !== null) this.#choose(moved(this.#chosen, by));
  }

  centre(time: Ns): void {
    const { start, end } = this.span;
    this.#choose(moved(this.span, time - (start + end) / 2));
  }

  /** Show this span, or as much of it as there is. */
  show({ start, end }: Span): void {
    const short = Math.max(0, SHORTEST_SPAN - (end - start)) / 2;
    this.#choose({ start: start - short, end: end + short });
  }

  /** Bring a span into view at the present scale, if it is not. */
  reveal({ start, end }: Span): void {
    const { span } = this;
    const inside = start >= span.start && end <= span.end;
    const covers = start <= span.start && end >= span.end;
    if (inside || covers) return;
    const fits = end - start < span.end - span.start;
    this.centre(fits ? (start + end) / 2 : start + (span.end - span.start) / 2);
  }

  fit(): void {
    this.#chosen = null;
  }

  #choose(span: Span): void {
    const limited = within(span, this.#shown);
    const all = limited.start <= this.#shown.start && limited.end >= this.#shown.end;
    this.#chosen = all ? null : limited;
  }
}
