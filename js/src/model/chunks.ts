/** Which items of a map were sent to a worker together. */
import type { ChunkColumns } from "../base/message";
import type { Row } from "../base/units";

export interface Chunk {
  /** Items of the map. */
  readonly firstItem: number;
  readonly lastItem: number;
  readonly firstRow: Row;
  readonly lastRow: Row;
}

interface ChunkedMap {
  readonly first: Row;
  readonly count: number;
  readonly size: number;
}

export class Chunks {
  /** By their first rows. */
  #maps: ChunkedMap[] = [];

  get isEmpty(): boolean {
    return this.#maps.length === 0;
  }

  fold({ first, count, size }: ChunkColumns): void {
    const told = new Set(this.#maps.map((map) => map.first));
    for (let i = 0; i < first.length; i++) {
      if (!told.has(first[i]!)) this.#maps.push({ first: first[i]!, count: count[i]!, size: size[i]! });
    }
    this.#maps.sort((one, other) => one.first - other.first);
  }

  /** Forget the maps all of whose rows come before `base`. */
  forgetBefore(base: Row): void {
    this.#maps = this.#maps.filter(({ first, count }) => first + count > base);
  }

  /** The chunk of the call at `row`, which is item `item` of its map; null when it was sent on its own. */
  at(row: Row, item: number): Chunk | null {
    const map = this.#mapOf(row);
    if (map === null || item < 0) return null;
    const firstItem = item - (item % map.size);
    const lastOfMap = item + map.first + map.count - 1 - row;
    const lastItem = Math.min(firstItem + map.size - 1, lastOfMap);
    return { firstItem, lastItem, firstRow: row - (item - firstItem), lastRow: row + lastItem - item };
  }

  #mapOf(row: Row): ChunkedMap | null {
    let low = 0;
    let high = this.#maps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#maps[middle]!.first <= row) low = middle + 1;
      else high = middle;
    }
    const map = this.#maps[low - 1];
    return map !== undefined && row < map.first + map.count ? map : null;
  }
}
