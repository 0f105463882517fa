/**
 * Rows as PostgreSQL binary arrays: what `unnest` turns into rows again. `pg` sends a Buffer as a binary parameter, so
 * Node's share of a batch is this file. Two shapes: an array per column for look-ups, and one array of composite rows
 * per table for inserts: each array of a multi-column `unnest` costs the server a tuplestore of its own.
 * Source of the format: array_recv, record_recv and the element types' recv functions of PostgreSQL.
 */

/** What a column of each type is made of. Timestamps: Unix milliseconds. */
export interface ColumnValues {
  uuid: Uint8Array;
  int8: bigint;
  int4: number;
  int2: number;
  text: string;
  bytea: Uint8Array;
  timestamptz: number;
}
export type ColumnType = keyof ColumnValues;

/** One column: its name, its type, and where a row has its value; null becomes NULL. */
export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  readonly oid: number;
  readonly read: (row: Row) => ColumnValues[ColumnType] | null;
}

/** Object ids of pg_type.dat: fixed since PostgreSQL 7. */
const OIDS: { readonly [T in ColumnType]: number } = {
  uuid: 2950,
  int8: 20,
  int4: 23,
  int2: 21,
  text: 25,
  bytea: 17,
  timestamptz: 1184,
};

/** PostgreSQL counts microseconds from 2000-01-01. */
const EPOCH_2000_MS = 946_684_800_000;
const TWO_32 = 2 ** 32;
/** Most bytes of a value of fixed size with its length and type: a uuid. */
const FIXED_MAX = 24;

/** A column whose value `read` takes from a row. */
export function column<Row, T extends ColumnType>(
  name: string,
  type: T,
  read: (row: Row) => ColumnValues[T] | null,
): Column<Row> {
  return { name, type, oid: OIDS[type], read };
}

/** A buffer that grows; arrays are views into it, valid until `reset`. One batch at a time. */
export class Scratch {
  bytes: Buffer = Buffer.allocUnsafeSlow(256 * 1024);
  view: DataView = new DataView(this.bytes.buffer);
  at = 0;

  /** Forgets what was written; views given out before must no longer be in use. */
  reset(): void {
    this.at = 0;
  }

  /** Room for `count` more bytes. Growing copies all of it along; views given out keep the old buffer. */
  ensure(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  int32(value: number): void {
    this.view.setInt32(this.at, value);
    this.at += 4;
  }
}

/** Bits beyond the type's would be cut off silently. */
function requireInteger(value: number, limit: number): void {
  if (!Number.isInteger(value) || value < -limit || value >= limit) throw new RangeError(`${value} does not fit`);
}

/**
 * Writes one value behind its length. One function with a switch, not one per type: this runs a million times a second,
 * and a call that the compiler cannot see through costs more than the bytes. Room for FIXED_MAX is there already.
 */
function writeValue(scratch: Scratch, type: ColumnType, value: ColumnValues[ColumnType] | null): void {
  if (value === null) return scratch.int32(-1);
  const { view, at } = scratch;
  switch (type) {
    case "int2": {
      requireInteger(value as number, 2 ** 15);
      view.setInt32(at, 2);
      view.setInt16(at + 4, value as number);
      scratch.at = at + 6;
      return;
    }
    case "int4": {
      requireInteger(value as number, 2 ** 31);
      view.setInt32(at, 4);
      view.setInt32(at + 4, value as number);
      scratch.at = at + 8;
      return;
    }
    case "int8": {
      if (BigInt.asIntN(64, value as bigint) !== value) throw new RangeError(`${value as bigint} does not fit`);
      view.setInt32(at, 8);
      view.setBigInt64(at + 4, value);
      scratch.at = at + 12;
      return;
    }
    case "timestamptz": {
      const micros = ((value as number) - EPOCH_2000_MS) * 1000;
      if (!Number.isSafeInteger(micros)) throw new RangeError("a timestamp is a whole number of milliseconds");
      const high = Math.floor(micros / TWO_32);
      view.setInt32(at, 8);
      view.setInt32(at + 4, high);
      view.setUint32(at + 8, micros - high * TWO_32);
      scratch.at = at + 12;
      return;
    }
    case "uuid": {
      const source = value as Uint8Array;
      if (source.length !== 16) throw new RangeError("a uuid has 16 bytes");
      const { bytes } = scratch;
      view.setInt32(at, 16);
      for (let i = 0; i < 16; i++) bytes[at + 4 + i] = source[i] as number;
      scratch.at = at + 20;
      return;
    }
    case "bytea": {
      const source = value as Uint8Array;
      scratch.ensure(source.length + FIXED_MAX);
      scratch.view.setInt32(at, source.length);
      scratch.bytes.set(source, at + 4);
      scratch.at = at + 4 + source.length;
      return;
    }
    case "text": {
      const source = value as string;
      scratch.ensure(source.length * 3 + FIXED_MAX);
      const written = scratch.bytes.write(source, at + 4, "utf8");
      scratch.view.setInt32(at, written);
      scratch.at = at + 4 + written;
      return;
    }
  }
}

/** The header of a one-dimensional array; returns where it begins. */
function writeHeader(scratch: Scratch, oid: number, count: number): number {
  scratch.ensure(20);
  const start = scratch.at;
  scratch.int32(count === 0 ? 0 : 1); // dimensions
  scratch.int32(0); // no nulls
  scratch.int32(oid);
  if (count > 0) {
    scratch.int32(count);
    scratch.int32(1); // lower bound
  }
  return start;
}

/** All rows' values of one column. Throws RangeError on a value outside its type. */
export function columnArray<Row>(of: Column<Row>, rows: readonly Row[], scratch: Scratch): Buffer {
  const start = writeHeader(scratch, of.oid, rows.length);
  let nulls = false;
  for (const row of rows) {
    const value = of.read(row);
    nulls ||= value === null;
    scratch.ensure(FIXED_MAX);
    writeValue(scratch, of.type, value);
  }
  if (nulls) scratch.view.setInt32(start + 4, 1);
  return scratch.bytes.subarray(start, scratch.at);
}

/** The rows as one array of a composite type whose attributes are `columns`, in order. `typeOid`: of that type. */
export function compositeArray<Row>(
  columns: readonly Column<Row>[],
  typeOid: number,
  rows: readonly Row[],
  scratch: Scratch,
): Buffer {
  const start = writeHeader(scratch, typeOid, rows.length);
  for (const row of rows) {
    scratch.ensure(8);
    const lengthAt = scratch.at;
    scratch.at += 4;
    scratch.int32(columns.length);
    for (const { oid, type, read } of columns) {
      scratch.ensure(FIXED_MAX);
      scratch.int32(oid);
      writeValue(scratch, type, read(row));
    }
    scratch.view.setInt32(lengthAt, scratch.at - lengthAt - 4);
  }
  return scratch.bytes.subarray(start, scratch.at);
}

/** One int8 as a binary parameter. */
export function int8Parameter(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** One int2 as a binary parameter. */
export function int2Parameter(value: number): Buffer {
  requireInteger(value, 2 ** 15);
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}
