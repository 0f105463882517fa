/**
 * Keep-alive connections of the generator: one request at a time on each, the one unused longest is taken first, a
 * closed one is opened again. All share one read buffer, and requests go straight to the descriptor: the stream
 * machinery of `node:net` would cost as much as the request itself.
 */
import { writeSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { makeResponseView, readResponse } from "./http-response.ts";
import type { ResponseView } from "./http-response.ts";

const READ_BYTES = 65_536;
const CONNECT_AT_ONCE = 64;
const RECONNECT_AFTER_MS = 50;

export interface ConnectionEvents {
  /** An answer on connection `index`; `bytes` and `view` are valid only during the call. */
  answered(index: number, bytes: Buffer, view: ResponseView): void;
  /** The connection broke, or its answer was no answer, while a request was on it. */
  lost(index: number): void;
}

/** A socket as Node builds it: the descriptor is not in its types. */
interface SocketWithHandle {
  readonly _handle: { readonly fd: number } | null;
}

export class Connections {
  readonly #host: string;
  readonly #port: number;
  readonly #events: ConnectionEvents;
  readonly #count: number;
  readonly #sockets: (Socket | undefined)[];
  readonly #descriptors: Int32Array;
  readonly #busy: Uint8Array;
  /** Whether the index stands in the ring of free ones: a reopened connection must not stand there twice. */
  readonly #queued: Uint8Array;
  readonly #ring: Int32Array;
  #head = 0;
  #freeCount = 0;
  readonly #rest: (Buffer | undefined)[];
  readonly #read = Buffer.allocUnsafe(READ_BYTES);
  readonly #view = makeResponseView();
  #closing = false;
  /** Connections that had to be opened again. */
  reopened = 0;

  constructor(host: string, port: number, count: number, events: ConnectionEvents) {
    this.#host = host;
    this.#port = port;
    this.#events = events;
    this.#count = count;
    this.#sockets = Array.from({ length: count }, () => undefined);
    this.#rest = Array.from({ length: count }, () => undefined);
    this.#descriptors = new Int32Array(count).fill(-1);
    this.#busy = new Uint8Array(count);
    this.#queued = new Uint8Array(count);
    this.#ring = new Int32Array(count);
  }

  /** Opens all connections; rejects when one cannot be opened. */
  async open(): Promise<void> {
    for (let from = 0; from < this.#count; from += CONNECT_AT_ONCE) {
      const some = Math.min(CONNECT_AT_ONCE, this.#count - from);
      await Promise.all(Array.from({ length: some }, (_, i) => this.#connect(from + i)));
    }
  }

  get free(): number {
    return this.#freeCount;
  }

  /** Sends a request on the connection that was free longest; -1 when none is free. */
  send(request: Buffer): number {
    while (this.#freeCount > 0) {
      const index = this.#ring[this.#head] as number;
      this.#head = this.#head + 1 === this.#count ? 0 : this.#head + 1;
      this.#freeCount--;
      this.#queued[index] = 0;
      const descriptor = this.#descriptors[index] as number;
      // Closed while it waited: it comes back when it is open again, and its descriptor may be another's by now.
      if (descriptor < 0 || this.#sockets[index]?.destroyed !== false) continue;
      if (this.#write(descriptor, request)) {
        this.#busy[index] = 1;
        return index;
      }
      this.#sockets[index]?.destroy();
      this.#descriptors[index] = -1;
    }
    return -1;
  }

  close(): void {
    this.#closing = true;
    for (const socket of this.#sockets) socket?.destroy();
  }

  /** False when not all was taken: the server cannot have seen a whole request, so it may go out on another connection. */
  #write(descriptor: number, request: Buffer): boolean {
    try {
      return writeSync(descriptor, request) === request.length;
    } catch {
      return false;
    }
  }

  #connect(index: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: this.#host,
        port: this.#port,
        noDelay: true,
        onread: { buffer: this.#read, callback: (length) => this.#onBytes(index, length) },
      });
      this.#sockets[index] = socket;
      socket.once("connect", () => {
        this.#descriptors[index] = (socket as unknown as SocketWithHandle)._handle?.fd ?? -1;
        this.#setFree(index);
        resolve();
      });
      socket.once("error", reject); // after the connect the promise is settled; `close` does the rest
      socket.once("close", () => this.#onClose(index));
    });
  }

  #setFree(index: number): void {
    this.#busy[index] = 0;
    if (this.#queued[index] === 1) return;
    this.#queued[index] = 1;
    this.#ring[(this.#head + this.#freeCount) % this.#count] = index;
    this.#freeCount++;
  }

  #onClose(index: number): void {
    this.#descriptors[index] = -1;
    this.#rest[index] = undefined;
    if (this.#closing) return;
    if (this.#busy[index] === 1) this.#events.lost(index);
    this.#busy[index] = 0;
    this.reopened++;
    const again = (): void => {
      if (!this.#closing) this.#connect(index).catch(() => undefined); // its `close` event tries again
    };
    setTimeout(again, RECONNECT_AFTER_MS);
  }

  #onBytes(index: number, length: number): boolean {
    const earlier = this.#rest[index];
    const bytes = earlier === undefined ? this.#read : Buffer.concat([earlier, this.#read.subarray(0, length)]);
    const end = earlier === undefined ? length : bytes.length;
    const verdict = readResponse(bytes, 0, end, this.#view);
    if (verdict === "partial") {
      this.#rest[index] = Buffer.from(bytes.subarray(0, end)); // the read buffer is everybody's
      return true;
    }
    if (verdict === "malformed" || this.#view.bodyEnd !== end || this.#busy[index] === 0) {
      this.#sockets[index]?.destroy();
      return true;
    }
    if (earlier !== undefined) this.#rest[index] = undefined;
    this.#events.answered(index, bytes, this.#view);
    if (this.#view.closes) {
      this.#busy[index] = 0; // answered: its end is no loss
      this.#sockets[index]?.destroy();
    } else this.#setFree(index);
    return true;
  }
}
