/** Lifetimes are AbortSignals: what is set up under a signal is gone when it aborts. */

/** Call `handler` for each event until `signal` aborts. */
export function listen<K extends keyof HTMLElementEventMap>(
  target: EventTarget,
  type: K,
  handler: (event: HTMLElementEventMap[K]) => void,
  signal: AbortSignal,
  options: AddEventListenerOptions = {},
): void {
  target.addEventListener(type, handler as EventListener, { ...options, signal });
}

/** Call `cleanup` once when `signal` aborts, at once if it has. */
export function onAbort(signal: AbortSignal, cleanup: () => void): void {
  if (signal.aborted) cleanup();
  else signal.addEventListener("abort", cleanup, { once: true });
}

/** Something that tells its listeners that it changed. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    onAbort(signal, () => this.#listeners.delete(listener));
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
