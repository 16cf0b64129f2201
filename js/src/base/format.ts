/** Numbers as people read them. The unit follows the size; three significant digits are enough to compare by eye. */
import type { Ns } from "./units";

const STEPS: readonly (readonly [Ns, string])[] = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];

const THIN = "\u202f";

function significant(value: number): string {
  const magnitude = Math.abs(value);
  // What rounds to the next power of ten has a digit less: 9.996 is 10.0.
  return value.toFixed(magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2);
}

/** A length of time, such as `1.25 s`, `340 µs` or `3 min 20 s`. Python has the same; tests/vectors/durations.json holds for both. */
export function duration(ns: Ns): string {
  if (!Number.isFinite(ns)) return "–";
  const magnitude = Math.abs(ns);
  const seconds = Math.round(magnitude / 1e9);
  const hours = Math.floor(seconds / 3600);
  if (hours >= 48) return `${Math.floor(hours / 24)}${THIN}d ${hours % 24}${THIN}h`;
  if (hours > 0) return `${hours}${THIN}h ${Math.floor((seconds % 3600) / 60)}${THIN}min`;
  if (magnitude >= 99.95e9) return `${Math.floor(seconds / 60)}${THIN}min ${seconds % 60}${THIN}s`;
  // 999.7 would read as 1000 of the smaller unit; the 0.9995 moves it to the larger one.
  const [size, unit] = STEPS.find(([size]) => magnitude >= size * 0.9995) ?? [1, "ns"];
  const value = ns / size;
  return `${unit === "ns" ? Math.round(value) : significant(value)}${THIN}${unit}`;
}

const SIZES: readonly (readonly [number, string])[] = [
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

/** A number of bytes, such as `340 B` or `1.25 kB`; a kB is 1000 of them. */
export function bytes(count: number): string {
  const [size, unit] = SIZES.find(([size]) => count >= size * 0.9995) ?? [1, "B"];
  return `${unit === "B" ? Math.round(count) : significant(count / size)}${THIN}${unit}`;
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, THIN);
}

/** A number of calls in a second: whole from 10 on, with its digits below. */
export function rate(value: number): string {
  return value >= 10 ? whole(value) : value.toFixed(value >= 1 ? 1 : 2);
}

export function percent(share: number): string {
  return `${Math.round(share * 100)}${THIN}%`;
}
