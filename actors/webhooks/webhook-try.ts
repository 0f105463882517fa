/** One POST and its answer, as undici tells of it. Ends exactly once, whatever comes after. */
import type { Dispatcher } from "undici";
import type { Clock } from "../ports/world.ts";
import { LookupError } from "./checked-lookup.ts";
import { readRetryAfterMs } from "./retry-after.ts";
import type { WebhookFault, WebhookOutcome } from "./webhook-outcome.ts";

export interface WebhookTryLimits {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/** OpenSSL's and Node's names for a handshake or a certificate that is not good. */
const TLS_FAULT = /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/;

export class WebhookTry implements Dispatcher.DispatchHandler {
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #resolve: (outcome: WebhookOutcome) => void;
  readonly #release: (reusable: boolean) => void;
  readonly #callOff: () => void;
  readonly #beganMs: number;
  #ended = false;
  #isSent = false;
  #status = 0;
  #retryAfterMs: number | null = null;
  #bytes = 0;

  /** Its time begins now. `release` is called once, before `resolve`: false, the socket is not to be used again. */
  constructor(
    clock: Clock,
    limits: WebhookTryLimits,
    resolve: (outcome: WebhookOutcome) => void,
    release: (reusable: boolean) => void,
  ) {
    this.#clock = clock;
    this.#bytesMax = limits.answerBytesMax;
    this.#resolve = resolve;
    this.#release = release;
    this.#beganMs = clock.monotonicMs();
    this.#callOff = clock.after(limits.timeoutMs, () => this.fail("timeout"));
  }

  /** Ends without an answer. */
  fail(reason: WebhookFault): void {
    this.#end({ kind: "failed", reason });
  }

  /** Ends because undici did not take it, or gave it up. */
  drop(error: unknown): void {
    this.#end(this.#outcomeOf(error));
  }

  onRequestStart(): void {
    this.#isSent = true;
  }
  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Dispatcher.ResponseData["headers"]): void {
    this.#status = status; // called again after a 1xx
    this.#retryAfterMs = readRetryAfterMs(headers["retry-after"], this.#clock.nowMs());
  }
  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) this.#end(this.#answered()); // nobody reads the rest; its status stands
  }
  onResponseEnd(): void {
    this.#end(this.#answered(), true);
  }
  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.drop(error);
  }

  #answered(): WebhookOutcome {
    const tookMs = this.#clock.monotonicMs() - this.#beganMs;
    return { kind: "answered", status: this.#status, retryAfterMs: this.#retryAfterMs, tookMs };
  }

  #outcomeOf(error: unknown): WebhookOutcome {
    if (error instanceof LookupError)
      return error.reason === "address_not_allowed"
        ? { kind: "refused", reason: error.reason }
        : { kind: "failed", reason: error.reason };
    if (this.#isSent) return { kind: "failed", reason: "connection_lost" };
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return { kind: "failed", reason: TLS_FAULT.test(code) ? "tls_failed" : "connection_failed" };
  }

  #end(outcome: WebhookOutcome, reusable = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#callOff();
    this.#release(reusable);
    this.#resolve(outcome);
  }
}
