import { expect, it } from "vitest";
import { seeded } from "../dev/synthetic";
import { countUpTo, floatColumn, settleTail, uint32Column } from "../src/base/column";

it("keeps values across its chunks", () => {
  const column = uint32Column();
  for (let i = 0; i < 20_000; i++) column.push(i * 3);
  column.set(9000, 1);
  expect([column.length, column.get(0), column.get(9000), column.get(19_999)]).toEqual([20_000, 0, 1, 59_997]);
  column.truncate(5);
  column.push(7);
  expect([column.length, column.get(5)]).toEqual([6, 7]);
});

it("counts values up to another like a plain filter", () => {
  const random = seeded(1);
  const values = Array.from({ length: 500 }, () => Math.floor(random() * 100)).sort((a, b) => a - b);
  const column = floatColumn();
  for (const value of values) column.push(value);
  for (let probe = -1; probe <= 101; probe++) {
    expect(countUpTo(column, probe)).toBe(values.filter((value) => value <= probe).length);
  }
});

it("sorts what came late into place, and says from where on", () => {
  const [key, other] = [floatColumn(), uint32Column()];
  const add = (value: number) => {
    key.push(value);
    other.push(value * 10);
  };
  for (const value of [1, 3, 5, 7]) add(value);
  expect(settleTail(key, [other], 0)).toBe(0);
  for (const value of [8, 9]) add(value);
  expect(settleTail(key, [other], 4)).toBe(4);
  for (const value of [6, 4]) add(value);
  expect(settleTail(key, [other], 6)).toBe(2);
  expect(Array.from({ length: 8 }, (_, i) => key.get(i))).toEqual([1, 3, 4, 5, 6, 7, 8, 9]);
  expect(Array.from({ length: 8 }, (_, i) => other.get(i))).toEqual([10, 30, 40, 50, 60, 70, 80, 90]);
});

it("drops what came first, like a plain array, and gives its chunks back", () => {
  const random = seeded(4);
  const column = floatColumn();
  let values: number[] = [];
  for (let round = 0; round < 40; round++) {
    for (let i = Math.floor(random() * 9000); i > 0; i--) {
      values.push(random());
      column.push(values.at(-1)!);
    }
    const count = Math.floor(random() * random() * (values.length + 1));
    column.drop(count);
    values = values.slice(count);
    expect(column.length).toBe(values.length);
    expect(Array.from({ length: column.length }, (_, i) => column.get(i))).toEqual(values);
    expect(column.bytes).toBeLessThanOrEqual(8 * (values.length + 2 * 8192));
  }
  column.drop(values.length);
  column.push(3);
  expect([column.length, column.get(0)]).toEqual([1, 3]);
});

it("is short while it has little: a lane with one call needs no chunk of thousands", () => {
  const column = floatColumn();
  column.push(1);
  expect(column.bytes).toBeLessThan(1000);
  for (let i = 1; i < 20_000; i++) column.push(i + 1);
  expect([column.get(0), column.get(8191), column.get(8192), column.get(19_999)]).toEqual([1, 8192, 8193, 20_000]);
});
