/**
 * One request and its answer on a connection of uWebSockets.js: collects the body, notices when the client leaves,
 * writes once. Modes: open (may be answered) -> ended (answered, aborted or closed); nothing leaves ended.
 */
import { Buffer } from "node:buffer";
import type { HttpResponse } from "uWebSockets.js";
import type { MerchantId } from "../actors/domain/index.ts";
import type { Answer } from "./answers.ts";
import type { BodyRoom } from "./body-budget.ts";
import { statusLine } from "./http-errors.ts";
import { rateOf, ratePolicyOf } from "./rate-headers.ts";
import type { CacheQuestion } from "./reply-cache.ts";

const NO_BYTES = Buffer.alloc(0);

/** An answer with this status has neither a body nor headers about one (RFC 9110 §15.3.5). */
const NO_CONTENT = 204;

/** What a body may cost. `budget`: shared with other requests; null: `maxBytes` is limit enough. */
export interface BodyLimit {
  readonly maxBytes: number;
  readonly budget: BodyRoom | null;
}

export class Exchange {
  readonly ticket: number;
  readonly requestId: string;
  /** Name of the route, for the metrics. */
  readonly route: string;
  /** Monotonic milliseconds. */
  readonly receivedAtMs: number;
  /** Who asks; null until a shard is asked for them. */
  merchantId: MerchantId | null = null;
  /** Under what its final reply is kept; null: it is not. */
  question: CacheQuestion | null = null;
  readonly #response: HttpResponse;
  readonly #isHead: boolean;
  #open = true;
  /** What the body holds of a budget. */
  #held = 0;
  #budget: BodyRoom | null = null;

  /** `onAbort`: called at most once, when the connection ended before an answer was written. */
  constructor(
    response: HttpResponse,
    about: {
      readonly ticket: number;
      readonly requestId: string;
      readonly route: string;
      readonly receivedAtMs: number;
      readonly isHead: boolean;
    },
    onAbort: (exchange: Exchange) => void,
  ) {
    this.ticket = about.ticket;
    this.requestId = about.requestId;
    this.route = about.route;
    this.receivedAtMs = about.receivedAtMs;
    this.#isHead = about.isHead;
    this.#response = response;
    response.onAborted(() => {
      if (!this.#open) return;
      this.#end();
      onAbort(this);
    });
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Address of the connection as bytes, 4 or 16: never what a header claims. */
  get remoteAddress(): ArrayBuffer {
    return this.#response.getRemoteAddress();
  }

  /** Text of the client's address. */
  get remote(): string {
    return Buffer.from(this.#response.getRemoteAddressAsText()).toString("latin1");
  }

  /**
   * Reads the body; `done` gets a copy of its own once the last byte is here, or why not as soon as that is known:
   * "too_large" when it is over the limit, "no_room" when the budget is used up. Called while the request's handler runs.
   */
  readBody({ maxBytes, budget }: BodyLimit, done: (body: Uint8Array | "too_large" | "no_room") => void): void {
    this.#budget = budget;
    let parts: Buffer[] | null = null;
    let length = 0;
    let over = false;
    this.#response.onData((chunk, isLast) => {
      if (over || !this.#open) return;
      length += chunk.byteLength;
      const isOver = length > maxBytes;
      if (isOver || budget?.take(chunk.byteLength) === false) {
        over = true;
        done(isOver ? "too_large" : "no_room");
        return;
      }
      if (budget !== null) this.#held += chunk.byteLength;
      if (isLast && parts === null) {
        done(length === 0 ? NO_BYTES : Buffer.from(new Uint8Array(chunk))); // copied: the chunk dies on return
        return;
      }
      parts ??= [];
      parts.push(Buffer.from(new Uint8Array(chunk)));
      if (isLast) done(Buffer.concat(parts, length));
    });
  }

  /** Writes the answer in one piece; false when the client is gone already. `close`: end the connection after it. */
  write(answer: Answer, close: boolean): boolean {
    if (!this.#open) return false;
    this.#end();
    const response = this.#response;
    const isEmpty = answer.status === NO_CONTENT;
    response.cork(() => {
      response.writeStatus(statusLine(answer.status));
      if (!isEmpty) response.writeHeader("Content-Type", answer.contentType);
      response.writeHeader("Cache-Control", answer.cache);
      response.writeHeader("Request-Id", this.requestId);
      if (answer.retryAfterS !== null) response.writeHeader("Retry-After", String(answer.retryAfterS));
      if (answer.location !== null) response.writeHeader("Location", answer.location);
      if (answer.replayed) response.writeHeader("Idempotent-Replayed", "true");
      if (answer.allow !== null) response.writeHeader("Allow", answer.allow);
      if (answer.wwwAuthenticate !== null) response.writeHeader("WWW-Authenticate", answer.wwwAuthenticate);
      if (answer.csp !== null) response.writeHeader("Content-Security-Policy", answer.csp);
      if (answer.rate !== null) {
        response.writeHeader("RateLimit-Policy", ratePolicyOf(answer.rate.limit));
        response.writeHeader("RateLimit", rateOf(answer.rate, answer.retryAfterS));
      }
      if (answer.gatewayMs !== null) response.writeHeader("Gateway-Time-Ms", answer.gatewayMs.toFixed(3));
      // An answer to HEAD has no body. `endWithoutBody` would say its length, but leaves the connection unusable.
      // With arguments it would say a length, which this status has not; a server that stops ends the connection later.
      if (isEmpty) response.endWithoutBody();
      else response.end(this.#isHead ? "" : answer.body, close);
    });
    return true;
  }

  /** Ends the connection without an answer: nothing that could be said is certain. */
  abandon(): void {
    if (!this.#open) return;
    this.#end();
    this.#response.close();
  }

  #end(): void {
    this.#open = false;
    this.#budget?.give(this.#held);
    this.#held = 0;
  }
}
