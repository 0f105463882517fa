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

/** One column: its name in the table and where a row has its value. */
export interface Column<Row> {
  readonly name: string;
  readonly type: ColumnType;
  /** All rows' values as one array. */
  write(rows: readonly Row[], scratch: Scratch): Buffer;
  /** One row's value with its length. */
  writeValue(row: Row, scratch: Scratch): void;
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

/** A buffer that grows; columns are views into it, valid until `reset`. One batch at a time. */
export class Scratch {
  bytes = Buffer.allocUnsafe(256 * 1024);
  at = 0;

  /** Forgets what was written; views given out before must no longer be in use. */
  reset(): void {
    this.at = 0;
  }

  /** Room for `count` more bytes of the column that began at `start`; views of earlier columns keep the old buffer. */
  ensure(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + count));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  int32(value: number): void {
    const bytes = this.bytes;
    let at = this.at;
    bytes[at++] = value >>> 24;
    bytes[at++] = value >>> 16;
    bytes[at++] = value >>> 8;
    bytes[at++] = value;
    this.at = at;
  }
}

/** Writes one element: its length, then its bytes. */
type ElementWriter<T extends ColumnType> = (scratch: Scratch, value: ColumnValues[T]) => void;

function writeInt64(scratch: Scratch, value: number): void {
  scratch.ensure(12);
  scratch.int32(8);
  const high = Math.floor(value / TWO_32);
  scratch.int32(high);
  scratch.int32(value - high * TWO_32);
}

const ELEMENTS: { readonly [T in ColumnType]: ElementWriter<T> } = {
  uuid(scratch, value) {
    if (value.length !== 16) throw new RangeError("a uuid has 16 bytes");
    scratch.ensure(20);
    scratch.int32(16);
    const bytes = scratch.bytes;
    const at = scratch.at;
    for (let i = 0; i < 16; i++) bytes[at + i] = value[i] as number;
    scratch.at = at + 16;
  },
  int8(scratch, value) {
    const near = Number(value);
    if (Number.isSafeInteger(near)) return writeInt64(scratch, near); // writeBigInt64BE costs ten times as much
    scratch.ensure(12);
    scratch.int32(8);
    scratch.at = scratch.bytes.writeBigInt64BE(value, scratch.at);
  },
  int4(scratch, value) {
    requireInteger(value, 2 ** 31);
    scratch.ensure(8);
    scratch.int32(4);
    scratch.int32(value);
  },
  int2(scratch, value) {
    requireInteger(value, 2 ** 15);
    scratch.ensure(6);
    scratch.int32(2);
    scratch.bytes[scratch.at++] = value >>> 8;
    scratch.bytes[scratch.at++] = value;
  },
  text(scratch, value) {
    scratch.ensure(4 + value.length * 3);
    const at = scratch.at;
    scratch.at = at + 4;
    const written = scratch.bytes.write(value, scratch.at, "utf8");
    scratch.at = at;
    scratch.int32(written);
    scratch.at = at + 4 + written;
  },
  bytea(scratch, value) {
    scratch.ensure(4 + value.length);
    scratch.int32(value.length);
    scratch.bytes.set(value, scratch.at);
    scratch.at += value.length;
  },
  timestamptz(scratch, value) {
    if (!Number.isSafeInteger(value)) throw new RangeError("a timestamp is a whole number of milliseconds");
    writeInt64(scratch, (value - EPOCH_2000_MS) * 1000);
  },
};

/** Bits beyond the type's would be cut off silently. */
function requireInteger(value: number, limit: number): void {
  if (!Number.isInteger(value) || value < -limit || value >= limit) throw new RangeError(`${value} does not fit`);
}

/** A column whose value `read` takes from a row; null becomes NULL. Throws RangeError on a value outside its type. */
export function column<Row, T extends ColumnType>(
  name: string,
  type: T,
  read: (row: Row) => ColumnValues[T] | null,
): Column<Row> {
  const writeElement: ElementWriter<T> = ELEMENTS[type];
  return {
    name,
    type,
    writeValue(row, scratch) {
      const value = read(row);
      if (value !== null) return writeElement(scratch, value);
      scratch.ensure(4);
      scratch.int32(-1);
    },
    write(rows, scratch) {
      scratch.ensure(20);
      const start = scratch.at;
      scratch.int32(rows.length === 0 ? 0 : 1); // dimensions
      scratch.int32(0); // no nulls yet
      scratch.int32(OIDS[type]);
      if (rows.length === 0) return scratch.bytes.subarray(start, scratch.at);
      scratch.int32(rows.length);
      scratch.int32(1); // lower bound
      let nulls = false;
      for (let i = 0; i < rows.length; i++) {
        const value = read(rows[i] as Row);
        if (value !== null) {
          writeElement(scratch, value);
          continue;
        }
        nulls = true;
        scratch.ensure(4);
        scratch.int32(-1);
      }
      // Growing moved earlier bytes of this column along, so `start` still points at its header.
      if (nulls) scratch.bytes[start + 7] = 1;
      return scratch.bytes.subarray(start, scratch.at);
    },
  };
}

/** The rows as one array of a composite type whose attributes are `columns`, in order. `typeOid`: of that type. */
export function compositeArray<Row>(
  columns: readonly Column<Row>[],
  typeOid: number,
  rows: readonly Row[],
  scratch: Scratch,
): Buffer {
  scratch.ensure(20);
  const start = scratch.at;
  scratch.int32(1); // dimensions
  scratch.int32(0); // no row is null
  scratch.int32(typeOid);
  scratch.int32(rows.length);
  scratch.int32(1); // lower bound
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Row;
    scratch.ensure(8);
    const lengthAt = scratch.at;
    scratch.at += 4;
    scratch.int32(columns.length);
    for (let c = 0; c < columns.length; c++) {
      const one = columns[c] as Column<Row>;
      scratch.ensure(4);
      scratch.int32(OIDS[one.type]);
      one.writeValue(row, scratch);
    }
    const end = scratch.at;
    scratch.at = lengthAt;
    scratch.int32(end - lengthAt - 4);
    scratch.at = end;
  }
  return scratch.bytes.subarray(start, scratch.at);
}

/** One int8 as a binary parameter. */
export function int8Parameter(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
