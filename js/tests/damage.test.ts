/** Golden files, damaged at random: what comes of them is a message or the decoder's own error, soon and in little memory. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { WireError } from "../src/protocol/error";
import { MOST_RECORDS } from "../src/protocol/schema";
import { unpackMessage } from "../src/protocol/unpack";

const folder = fileURLToPath(new URL("../../tests/golden/", import.meta.url));
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".bin"));

/** Numbers from 0 up to 1, always the same. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bytes of all columns that a message has become. */
function sizeOf(message: object): number {
  const columns = Object.values(message).flatMap((part) =>
    typeof part === "object" && part ? Object.values(part) : [],
  );
  return columns.reduce((sum: number, column) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0), 0);
}

function tryToRead(bytes: Uint8Array): "read" | "refused" {
  try {
    const message = unpackMessage(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    expect(sizeOf(message)).toBeLessThan(8 * 40 * MOST_RECORDS);
    return "read";
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return "refused";
  }
}

describe.each(names)("%s", (name) => {
  const whole = new Uint8Array(readFileSync(`${folder}${name}`));
  const random = numbers(name.length + whole.length);
  const at = () => Math.floor(random() * whole.length);

  it("cut short is refused", () => {
    for (let i = 0; i < 100; i++) expect(tryToRead(whole.slice(0, at()))).toBe("refused");
  });

  it("with bytes that flipped is read or refused", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const bytes = whole.slice();
      for (let n = 1 + Math.floor(random() * 3); n > 0; n--) bytes[at()] = Math.floor(random() * 256);
      seen.add(tryToRead(bytes));
    }
    expect(seen).toContain("refused");
  });

  it("with digits of its header that changed is read or refused", () => {
    const end = 12 + new DataView(whole.buffer, whole.byteOffset).getUint32(8, true);
    const digits = [...whole.keys()].filter((i) => i >= 12 && i < end && whole[i]! >= 48 && whole[i]! <= 57);
    for (let i = 0; i < 400; i++) {
      const bytes = whole.slice();
      for (let n = 0; n < 3; n++) bytes[digits[Math.floor(random() * digits.length)]!] = 48 + Math.floor(random() * 10);
      tryToRead(bytes);
    }
  });
});
