/** What reached a simulator: counts by user agent and the newest requests, for tests that ask who called and how. */
import type { Answer, SimulatedRequest } from "./exchange.ts";

interface Entry {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly userAgent: string | null;
  readonly library: string | null;
  /** 0: no answer was given. */
  readonly status: number;
  readonly replayed: boolean;
  readonly body: string;
}

/** Served at `/_sandbox/requests`. `newest`: in order, oldest first. */
export interface RequestReport {
  readonly total: number;
  readonly byUserAgent: Readonly<Record<string, number>>;
  readonly newest: readonly Entry[];
}

const NEWEST_MAX = 512;
const AGENTS_MAX = 64;

export class RequestLog {
  #total = 0;
  readonly #byUserAgent = new Map<string, number>();
  readonly #newest: Entry[] = [];

  note(request: SimulatedRequest, answer: Answer): void {
    const { method, path, headers, body } = request;
    const userAgent = headers["user-agent"] ?? null;
    this.#newest[this.#total++ % NEWEST_MAX] = {
      at: Date.now(),
      method,
      path,
      key: text(headers["idempotency-key"]),
      userAgent,
      library: text(headers["adyen-library-name"]) ?? text(headers["x-stripe-client-user-agent"]),
      status: answer.status,
      replayed: answer.replayed === true,
      body,
    };
    const agent = userAgent ?? "none";
    if (this.#byUserAgent.has(agent) || this.#byUserAgent.size < AGENTS_MAX)
      this.#byUserAgent.set(agent, (this.#byUserAgent.get(agent) ?? 0) + 1);
  }

  report(): RequestReport {
    const from = this.#total % NEWEST_MAX;
    const isFull = this.#total > NEWEST_MAX;
    return {
      total: this.#total,
      byUserAgent: Object.fromEntries(this.#byUserAgent),
      newest: isFull ? [...this.#newest.slice(from), ...this.#newest.slice(0, from)] : this.#newest,
    };
  }
}

const text = (value: string | string[] | undefined): string | null => (typeof value === "string" ? value : null);
