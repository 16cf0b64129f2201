/** Just enough of a kernel's model for the widget to run without a host. */
type Handler = (...args: unknown[]) => void;

export class FakeModel {
  readonly #handlers = new Map<string, Set<Handler>>();
  readonly sent: unknown[] = [];
  readonly traits: Record<string, unknown> = { snapshot: new DataView(new ArrayBuffer(0)), height: 0, theme: "auto" };

  get = (name: string) => this.traits[name];
  set = (name: string, value: unknown) => {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  };
  save_changes = () => console.info(`selection: ${JSON.stringify(this.traits.selection)}`);
  on = (name: string, handler: Handler) => {
    this.#handlers.set(name, (this.#handlers.get(name) ?? new Set()).add(handler));
  };
  off = (name: string, handler: Handler) => this.#handlers.get(name)?.delete(handler);
  send = (message: unknown) => this.sent.push(message);
  emit(name: string, ...args: unknown[]): void {
    for (const handler of this.#handlers.get(name) ?? []) handler(...args);
  }
}
