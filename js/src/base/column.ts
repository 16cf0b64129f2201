/**
 * A typed array that grows by whole chunks. Doubling one array of millions would copy for tens of milliseconds in the middle of a
 * frame; here a growth costs one small allocation. Only the first chunk doubles: many columns, those of a lane with one call, stay short.
 */
type TypedArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

const SHIFT = 13;
const SIZE = 1 << SHIFT;
const MASK = SIZE - 1;
const SHORTEST = 32;

export class Column<A extends TypedArray> {
  #length = 0;
  readonly #chunks: A[] = [];
  readonly #make: (size: number) => A;

  constructor(make: (size: number) => A) {
    this.#make = make;
  }

  get length(): number {
    return this.#length;
  }

  /** The value at `index`, which must lie in `0 .. length-1`. */
  get(index: number): number {
    return this.#chunks[index >>> SHIFT]![index & MASK]!;
  }

  set(index: number, value: number): void {
    this.#chunks[index >>> SHIFT]![index & MASK] = value;
  }

  push(value: number): void {
    const index = this.#length++;
    if (index >>> SHIFT === this.#chunks.length) this.#chunks.push(this.#make(index === 0 ? SHORTEST : SIZE));
    else if (index < SIZE && index === this.#chunks[0]!.length) this.#chunks[0] = this.#resized(2 * index);
    this.#chunks[index >>> SHIFT]![index & MASK] = value;
  }

  #resized(size: number): A {
    const made = this.#make(size);
    made.set(this.#chunks[0]!.subarray(0, size));
    return made;
  }

  /** Forget all from `length` on. One chunk more than needed is kept: what shrinks by little is about to grow again. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
    const needed = Math.ceil(this.#length / SIZE) + 1;
    if (this.#chunks.length > needed) this.#chunks.length = needed;
  }

  /** Forget the first `count` values; the others move up. */
  drop(count: number): void {
    const whole = count >>> SHIFT;
    const rest = count & MASK;
    this.#chunks.splice(0, whole);
    this.#length -= whole * SIZE;
    const chunks = this.#chunks;
    for (let i = 0; rest > 0 && i * SIZE < this.#length; i++) {
      const chunk = chunks[i]!;
      chunk.copyWithin(0, rest);
      const next = chunks[i + 1];
      if (next !== undefined) chunk.set(next.subarray(0, rest), SIZE - rest);
    }
    this.truncate(this.#length - rest);
  }

  /** Bytes that it has allocated. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  }
}

export const floatColumn = () => new Column((size) => new Float64Array(size));
export const uint32Column = () => new Column((size) => new Uint32Array(size));
export const uint8Column = () => new Column((size) => new Uint8Array(size));

/** How many values of an ascending column are `<= value`; the answer is known to lie in `low .. high`. */
export function countUpTo(column: Column<Float64Array>, value: number, low = 0, high = column.length): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column.get(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same, for times that ascend: it looks near the last answer first, which `from` is. */
export function countOnwards(column: Column<Float64Array>, value: number, from: number): number {
  const { length } = column;
  let step = 1;
  let low = from;
  while (low + step <= length && column.get(low + step - 1) <= value) {
    low += step;
    step *= 2;
  }
  return countUpTo(column, value, low, Math.min(length, low + step));
}

/** Sort parallel columns by the first of them, from index `from` on; equal keys keep their order. */
export function sortTail(key: Column<Float64Array>, others: readonly Column<TypedArray>[], from: number): void {
  const order = Array.from({ length: key.length - from }, (_, i) => from + i);
  order.sort((a, b) => key.get(a) - key.get(b) || a - b);
  for (const column of [key, ...others]) {
    const values = order.map((index) => column.get(index));
    for (let i = 0; i < values.length; i++) column.set(from + i, values[i]!);
  }
}

/**
 * Put an append-mostly column in order again: the first `settled` values are, those behind may not be.
 *
 * @returns the index of the first value that moved or is new
 */
export function settleTail(key: Column<Float64Array>, others: readonly Column<TypedArray>[], settled: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  let ordered = true;
  for (let i = settled; i < key.length; i++) {
    const value = key.get(i);
    if (i > 0 && value < key.get(i - 1)) ordered = false;
    if (value < lowest) lowest = value;
  }
  if (ordered) return settled;
  const from = countUpTo(key, lowest, 0, settled);
  sortTail(key, others, from);
  return from;
}
