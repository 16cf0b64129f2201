/** Reads a column from its code and its byte planes; how they are made is told in poolviz/wire/packing.py. */

/** How a column is packed, bytes of each number, base; for steps the value before the first. */
export type Code = readonly number[];

export const PLAIN = 0;
export const STEPS = 1;
export const AFTER = 2;
export const SOME = 3;

/** Numbers wider than this are none that floats hold exactly. */
export const WIDEST = 7;

/** Whether no value is none, so that the next column may be told from this one. */
export const isWhole = (code: Code) => code[0] !== SOME;

function readNumbers(planes: DataView | null, width: number, count: number): Float64Array {
  const numbers = new Float64Array(count);
  if (planes === null) return numbers;
  const bytes = new Uint8Array(planes.buffer, planes.byteOffset, planes.byteLength);
  for (let plane = 0, weight = 1; plane < width; plane++, weight *= 256) {
    const from = plane * count;
    for (let i = 0; i < count; i++) numbers[i]! += bytes[from + i]! * weight;
  }
  return numbers;
}

/**
 * The values of a column.
 *
 * @param planes null where the width is 0
 * @param neighbour the last whole column of times before it in its section, which it may be told from
 * @param none what stands for a value that is none
 */
export function readColumn(
  code: Code,
  planes: DataView | null,
  count: number,
  neighbour: Float64Array | null,
  none: number,
): Float64Array {
  const [how = PLAIN, width = 0, base = 0, before = 0] = code;
  const values = readNumbers(planes, width, count);
  if (how === SOME) for (let i = 0; i < count; i++) values[i] = values[i] === 0 ? none : values[i]! + base;
  else if (how === STEPS) {
    let value = before;
    for (let i = 0; i < count; i++) {
      value += values[i]! + base;
      values[i] = value;
    }
  } else if (how === AFTER && neighbour !== null) for (let i = 0; i < count; i++) values[i]! += neighbour[i]! + base;
  else for (let i = 0; i < count; i++) values[i]! += base;
  return values;
}
