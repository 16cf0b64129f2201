/** The wire's schema, typed. Nothing of its content is repeated here. */
import schema from "../../../poolviz/wire/schema.json";

export type ColumnType = "u8" | "u16" | "u32" | "i32" | "row" | "time";
export type SectionName = keyof typeof schema.sections;
/** A column that came later says with which version. */
export type ColumnSpec = readonly [name: string, type: ColumnType, since?: number];

export const VERSION: number = schema.version;

/** The oldest version that is read. */
export const OLDEST: number = schema.oldest_read;

/** More records than any section has: what says otherwise is damaged. */
export const MOST_RECORDS: number = schema.most_records;

/** The columns of a section, in the order of their buffers; null for a section that this version does not have. */
export function columnsOf(section: string): readonly ColumnSpec[] | null {
  return Object.hasOwn(schema.sections, section)
    ? (schema.sections[section as SectionName].columns as unknown as ColumnSpec[])
    : null;
}
