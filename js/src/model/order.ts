/** Rows in the order of some key. */

/**
 * Sort rows by a key; those whose key is NaN come last in either direction, equal ones keep their order.
 *
 * @param keyOf a number for each row, asked once
 */
export function ordered(rows: Uint32Array, keyOf: (row: number) => number, descending: boolean): Uint32Array {
  const keys = Float64Array.from(rows, keyOf);
  const sign = descending ? -1 : 1;
  const places = Uint32Array.from(rows, (_, i) => i);
  places.sort((a, b) => {
    const [one, other] = [keys[a]!, keys[b]!];
    if (one === other) return a - b;
    if (Number.isNaN(one)) return Number.isNaN(other) ? a - b : 1;
    return Number.isNaN(other) ? -1 : sign * (one - other);
  });
  return places.map((place) => rows[place]!);
}
