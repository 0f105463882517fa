/**
 * An append-only file of lines. Appends of one tick become one write (and, where asked, one fdatasync); the promise of
 * an append settles when its line is on disk. A torn last line, left by a crash, is cut off at opening.
 */
import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, readSync, write } from "node:fs";
import { promisify } from "node:util";

const writeAsync = promisify(write);
const fdatasyncAsync = promisify(fdatasync);
const NEWLINE = 10;
const CHUNK_BYTES = 1_048_576;

interface Waiting {
  readonly line: string;
  readonly resolve: (offset: number) => void;
  readonly reject: (error: Error) => void;
}

export class AppendLog {
  readonly #fd: number;
  readonly #sync: boolean;
  #size: number;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #broken: Error | undefined;

  /** Opens or creates the file. `sync`: every line survives a loss of power, not only a kill. */
  constructor(path: string, sync: boolean) {
    this.#fd = openSync(path, "a+", 0o600);
    this.#sync = sync;
    this.#size = repairTornEnd(this.#fd);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a line (without its newline); resolves with the byte offset at which it stands. */
  append(line: string): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) {
        reject(this.#broken);
        return;
      }
      this.#waiting.push({ line, resolve, reject });
      this.#draining ??= new Promise<void>((done) => setImmediate(() => void this.#drain().finally(done)));
    });
  }

  /** The line at `offset`, read from the file. Lines are shorter than 4 kB. */
  readLine(offset: number): string {
    const length = readSync(this.#fd, LINE, 0, LINE.length, offset);
    const end = LINE.indexOf(NEWLINE);
    return LINE.toString("utf8", 0, end === -1 || end > length ? length : end);
  }

  /** Every line with its offset, in order. */
  scan(visit: (line: string, offset: number) => void): void {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0; at < this.#size; ) {
      const length = readSync(this.#fd, chunk, 0, chunk.length, at);
      if (length === 0) return;
      const text = Buffer.concat([rest, chunk.subarray(0, length)]);
      let from = 0;
      for (let end = text.indexOf(NEWLINE); end !== -1; end = text.indexOf(NEWLINE, from)) {
        visit(text.toString("utf8", from, end), at - rest.length + from);
        from = end + 1;
      }
      at += length;
      rest = text.subarray(from);
    }
  }

  /** Waits for the appends under way and closes the file. */
  async close(): Promise<void> {
    this.#broken = new Error("the log is closed");
    await this.#draining;
    closeSync(this.#fd);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const bytes = Buffer.from(batch.map(({ line }) => `${line}\n`).join(""), "utf8");
        for (let done = 0; done < bytes.length; )
          done += (await writeAsync(this.#fd, bytes, done, bytes.length - done, null)).bytesWritten;
        if (this.#sync) await fdatasyncAsync(this.#fd);
      } catch (error) {
        // Half a line may stand in the file: nothing may follow it before the next opening has cut it off.
        this.#broken = error as Error;
        for (const { reject } of [...batch, ...this.#waiting]) reject(error as Error);
        this.#waiting = [];
        break;
      }
      for (const { line, resolve } of batch) {
        resolve(this.#size);
        this.#size += Buffer.byteLength(line) + 1;
      }
    }
    this.#draining = undefined;
  }
}

const LINE = Buffer.alloc(4096);

/** Cuts the file after its last newline; returns its size. */
function repairTornEnd(fd: number): number {
  const { size } = fstatSync(fd);
  const chunk = Buffer.alloc(65_536);
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - chunk.length);
    const length = readSync(fd, chunk, 0, end - from, from);
    const newline = chunk.subarray(0, length).lastIndexOf(NEWLINE);
    if (newline !== -1) return cut(fd, size, from + newline + 1);
    end = from;
  }
  return cut(fd, size, 0);
}

function cut(fd: number, size: number, to: number): number {
  if (to < size) {
    ftruncateSync(fd, to);
    fdatasyncSync(fd);
  }
  return to;
}
