/** The files that Python wrote: both sides must read the same from them. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import schema from "../../poolviz/wire/schema.json";
import { unpackMessage } from "../src/protocol/unpack";

const folder = fileURLToPath(new URL("../../tests/golden/", import.meta.url));
/** Of this version, and in folders of their own those of each older version that is read. */
const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".bin"))
  .map((file) => file.slice(0, -4));

interface Golden {
  readonly header: {
    v: number;
    seq: number;
    now: number;
    counts: object;
    state: string;
    title: string;
    prints?: unknown;
  };
  readonly columns: Record<string, Record<string, (number | null)[]>>;
}

it("there are golden files of each version that is read", () => {
  const versions = names.map((name) => (name.includes("/") ? Number(name.split("/")[0]!.slice(1)) : schema.version));
  const read = Array.from({ length: schema.version - schema.oldest_read + 1 }, (_, i) => schema.oldest_read + i);
  expect([...new Set(versions)].sort()).toEqual(read);
});

describe.each(names)("%s", (name) => {
  const bytes = new Uint8Array(readFileSync(`${folder}${name}.bin`));
  const golden = JSON.parse(readFileSync(`${folder}${name}.json`, "utf8")) as Golden;
  const message = unpackMessage(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));

  it("has the header that Python wrote", () => {
    for (const field of ["seq", "now", "counts", "state", "title"] as const) {
      expect(message[field], field).toEqual(golden.header[field]);
    }
    expect(message.prints).toEqual(golden.header.prints ?? []);
  });

  it("has the columns that Python wrote", () => {
    const sections = Object.entries(schema.sections) as [keyof typeof schema.sections, { columns: string[][] }][];
    for (const [section, { columns }] of sections) {
      const read = message[section] as unknown as Record<string, ArrayLike<number>> | null;
      expect(read === null, section).toBe(!(section in golden.columns));
      for (const [column = "", type] of read === null ? [] : columns) {
        const written = golden.columns[section]?.[column];
        // A column that came later is nothing here.
        if (written === undefined) continue;
        const expected = type === "time" ? written.map((time) => time ?? Number.NaN) : written;
        expect(Array.from(read?.[column] ?? []), `${section}.${column}`).toEqual(expected);
      }
    }
  });
});
