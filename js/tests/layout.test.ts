/** How many rows are out of sight. */
import { expect, it } from "vitest";
import { hiddenRows, type Layout } from "../src/render/layout";

const layout = (heights: number[]): Layout => {
  const pool = { pool: 1, kind: "", name: "", workers: 0, opened: 0, closed: null, method: "" };
  const rows = heights.map((height, i) => {
    const top = heights.slice(0, i).reduce((sum, each) => sum + each, 0);
    return { kind: "pool" as const, pool, top, height };
  });
  return { rows, height: heights.reduce((sum, each) => sum + each, 0) };
};

it.each([
  ["all are seen", 0, 112, 0, 0],
  ["a part of a row is not the whole", 0, 111.5, 0, 0],
  ["of which the last is cut", 0, 100, 0, 1],
  ["two are below", 0, 56, 0, 2],
  ["scrolled by one", 28, 56, 1, 1],
  ["scrolled by a part", 10, 56, 1, 2],
  ["scrolled to the end", 56, 56, 2, 0],
])("%s", (_what, scroll, height, above, below) => {
  expect(hiddenRows(layout([28, 28, 28, 28]), scroll, height)).toEqual({ above, below });
});
