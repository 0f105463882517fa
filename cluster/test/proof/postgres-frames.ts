/**
 * Whole messages of PostgreSQL's protocol 3, and what a proof reads in them (faults.md §8). The first packet of a client
 * has no type byte; everything else is one type byte and four bytes of length that count themselves.
 */

export interface Frame {
  /** `P`, `B`, `E`, `S`, `C`, `Z`…; empty for the startup packet. */
  readonly type: string;
  readonly bytes: Buffer;
}

export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);
  #starts: boolean;

  /** `starts`: the stream begins with a startup packet, as a client's does. */
  constructor(starts: boolean) {
    this.#starts = starts;
  }

  /** The messages that are whole now, in order. */
  push(chunk: Buffer): readonly Frame[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame);
    return frames;
  }

  #next(): Frame | undefined {
    const header = this.#starts ? 0 : 1;
    if (this.#pending.length < header + 4) return undefined;
    const length = header + this.#pending.readInt32BE(header);
    if (this.#pending.length < length) return undefined;
    const bytes = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    const type = this.#starts ? "" : String.fromCharCode(bytes[0] as number);
    this.#starts = false;
    return { type, bytes };
  }
}

/** The text up to the next zero byte. */
const cString = (bytes: Buffer, at: number): string => bytes.toString("utf8", at, bytes.indexOf(0, at));

/** Name of the statement that a Parse prepares; "": nameless. */
export const parsedName = ({ bytes }: Frame): string => cString(bytes, 5);

/** Name of the statement that a Bind binds. */
export const boundName = ({ bytes }: Frame): string => cString(bytes, bytes.indexOf(0, 5) + 1);

/** Tag of a CommandComplete, as `COMMIT`. */
export const tagOf = ({ bytes }: Frame): string => cString(bytes, 5);

/** SQLSTATE of an ErrorResponse. */
export function sqlStateOf({ bytes }: Frame): string {
  for (let at = 5; at < bytes.length && bytes[at] !== 0; at = bytes.indexOf(0, at) + 1)
    if (bytes[at] === 0x43) return cString(bytes, at + 1);
  return "";
}

/** The database that a startup packet asks for. */
export function databaseOf({ bytes }: Frame): string {
  const fields = bytes.toString("utf8", 8).split("\0");
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === "database") return fields[i + 1] ?? "";
  return "";
}

/** The startup packet under another application's name of the same length, as a pooler in between would show it. */
export function withoutApplicationName({ bytes }: Frame): Buffer {
  const hidden = Buffer.from(bytes);
  const field = Buffer.from("\0application_name\0");
  const at = hidden.indexOf(field);
  if (at !== -1) hidden.fill("x", at + field.length, hidden.indexOf(0, at + field.length));
  return hidden;
}
