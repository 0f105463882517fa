/**
 * The one way out to a gateway: HTTP/1.1 over an undici pool. It sends each request once, keeps a TOTAL deadline,
 * bounds the answer's size, follows no redirect, and knows whether any byte may have left the machine. Only the two
 * SDKs' HTTP clients (`stripe-http.ts`, `adyen-http.ts`) hold it.
 */
import { type Dispatcher, Pool } from "undici";
import type { Clock } from "../ports/world.ts";
import { SendingLine } from "./sending-line.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  /** Absolute path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** From now to the last byte of the answer. */
  readonly timeoutMs: number;
}

/** A whole answer. Header names are lower case. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface HttpTransport {
  /** Throws TransportError, nothing else. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export type TransportFault =
  | "timeout"
  | "connection_failed"
  | "connection_lost"
  | "answer_too_large"
  | "idempotency_key_missing"
  | "origin_not_ours"
  | "client_queue_full"
  | "closed";

/** Why there is no answer. Its codes are never ECONNRESET or EPIPE: on those the Stripe SDK would send a second time. */
export class TransportError extends Error {
  readonly code: TransportFault;
  /** False only when it is certain that no byte of the request left the machine. */
  readonly sent: boolean;
  constructor(code: TransportFault, sent: boolean, cause?: Error) {
    super(code, cause === undefined ? {} : { cause });
    this.name = "TransportError";
    this.code = code;
    this.sent = sent;
  }
}

export interface TransportOptions {
  /** `http(s)://host[:port]`. */
  readonly origin: string;
  readonly clock: Clock;
  /** Sockets; further requests wait, and their deadline runs. */
  readonly connectionsMax?: number;
  /** Requests that may wait; one more is refused with `client_queue_full` and never sent. */
  readonly waitingMax?: number;
  readonly connectTimeoutMs?: number;
  readonly answerBytesMax?: number;
}

/** Two SDK calls of a payment at 50 ms each: 64 sockets carry over 600 payments a second per gateway thread. */
const CONNECTIONS_MAX = 64;
/** About a second of work: a longer line only turns time-outs at the gateway into time-outs in here. */
const WAITING_MAX = 1_024;
const CONNECT_TIMEOUT_MS = 3_000;
const ANSWER_BYTES_MAX = 1_048_576;

/** Opens nothing before the first request. */
export function createHttpTransport(options: TransportOptions): HttpTransport {
  const { clock } = options;
  const bytesMax = options.answerBytesMax ?? ANSWER_BYTES_MAX;
  const connections = options.connectionsMax ?? CONNECTIONS_MAX;
  const pool = new Pool(options.origin, {
    connections,
    pipelining: 1,
    headersTimeout: 0, // idle time-outs: a slow drip never trips them, ours is total
    bodyTimeout: 0,
    connect: { timeout: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS },
  });
  const line = new SendingLine<Exchange>(connections, options.waitingMax ?? WAITING_MAX, (exchange) => {
    const { path, method, headers, body } = exchange.request;
    try {
      pool.dispatch({ path, method, headers: { ...headers }, body }, exchange);
    } catch (error) {
      exchange.fail("closed", error as Error);
      line.ended(exchange);
    }
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (request.method === "POST" && !hasOurKey(request.headers)) {
          reject(new TransportError("idempotency_key_missing", false));
          return;
        }
        const exchange = new Exchange(request, line, bytesMax, resolve, reject);
        exchange.callOff = clock.after(Math.max(0, request.timeoutMs), () => exchange.fail("timeout"));
        if (!line.enter(exchange)) exchange.fail("client_queue_full");
      }),
    close: async () => {
      for (const exchange of line.clear()) exchange.fail("closed");
      await pool.destroy();
    },
  };
}

/** A UUID of ours, perhaps with a step (`-create`); the SDK's own invention hides a key that was forgotten. */
const OUR_KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-[a-z0-9-]{1,24})?$/;

function hasOurKey(headers: Readonly<Record<string, string>>): boolean {
  return OUR_KEY.test(headers["Idempotency-Key"] ?? "");
}

/** One request and its answer. Ends exactly once. */
class Exchange implements Dispatcher.DispatchHandler {
  callOff: () => void = () => {};
  readonly request: HttpRequest;
  readonly #line: SendingLine<Exchange>;
  readonly #bytesMax: number;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: TransportError) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #ended = false;
  #status = 0;
  #headers: HttpAnswer["headers"] = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(
    request: HttpRequest,
    line: SendingLine<Exchange>,
    bytesMax: number,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: TransportError) => void,
  ) {
    this.request = request;
    this.#line = line;
    this.#bytesMax = bytesMax;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /**
   * Ends without an answer. A request that waits leaves the line; the socket of one that is on its way is destroyed, and
   * its slot is free when undici has let go of it.
   */
  fail(code: TransportFault, cause?: Error): void {
    if (this.#ended) return;
    this.#end();
    this.#line.withdraw(this);
    const error = new TransportError(code, this.#controller !== undefined, cause);
    this.#controller?.abort(error);
    this.#reject(error);
  }

  /** The socket is open and the request is about to be written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Its time ran out while the socket was opened. Thrown, undici drops it unwritten; aborted, it would drop the socket.
    if (this.#ended) throw new TransportError("timeout", false);
    this.#controller = controller;
  }
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpAnswer["headers"]): void {
    this.#status = status; // called again after a 1xx
    this.#headers = headers;
  }
  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) this.fail("answer_too_large");
    else this.#chunks.push(chunk);
  }
  onResponseEnd(): void {
    this.#line.ended(this);
    if (this.#ended) return;
    this.#end();
    const body = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, text: body.toString("utf8") });
  }
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#line.ended(this);
    this.fail(this.#controller === undefined ? "connection_failed" : "connection_lost", error);
  }

  #end(): void {
    this.#ended = true;
    this.callOff();
  }
}

/** The answer's JSON object, or undefined: cut, empty, HTML, another content type, a bare value. */
export function readJsonObject(answer: HttpAnswer): Record<string, unknown> | undefined {
  const type = answer.headers["content-type"];
  if (typeof type !== "string" || !type.toLowerCase().startsWith("application/json")) return undefined;
  try {
    const value: unknown = JSON.parse(answer.text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>) // an object: its members are checked where they are read
      : undefined;
  } catch {
    return undefined;
  }
}

/** Milliseconds of a `Retry-After` in seconds; null when there is none or it is a date. */
export function retryAfterMs(headers: HttpAnswer["headers"]): number | null {
  const value = headers["retry-after"];
  return typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) * 1000 : null;
}
