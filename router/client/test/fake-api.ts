/** A fetch that answers from a script, with a clock that stands until the client waits for it. */
import type { ClientClock, ClientRandom } from "../world.ts";

export interface SentRequest {
  readonly method: string;
  /** With its query, without the address. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly redirect: string | undefined;
}
/** An answer; an error: the connection fails; "hang": nothing ever comes. */
export type Scripted =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | Error
  | "hang";

export const BASE_URL = "https://pay.example";
export const TOKEN_ANSWER: Scripted = {
  status: 200,
  body: { access_token: "token-1", token_type: "Bearer", expires_in: 3600, scope: "payments:read" },
};

export const problemAnswer = (
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Scripted => ({
  status,
  headers: { "Request-Id": "req_1", ...headers },
  body: { type: `/docs/errors#${code}`, title: "", status, detail: "why", code, request_id: "req_1", retryable: false },
});

export class FakeApi {
  readonly sent: SentRequest[] = [];
  /** Requests to the token endpoint. */
  readonly tokenRequests: SentRequest[] = [];
  /** What the client waited for, milliseconds. Time-outs that were taken back are not among them. */
  readonly waits: number[] = [];
  /** Answers to requests other than for tokens, in order; the last one repeats. */
  script: readonly Scripted[] = [];
  tokenScript: readonly Scripted[] = [TOKEN_ANSWER];
  fraction = 1;
  nowMs = 0;
  #serial = 0;

  readonly clock: ClientClock = {
    nowMs: () => this.nowMs,
    after: (delayMs, task) => {
      let taken = false;
      // Real work of this turn goes first: a time-out fires only when nothing else moves.
      const turn = setImmediate(() =>
        setImmediate(() => {
          if (taken) return;
          this.waits.push(delayMs);
          this.nowMs += delayMs;
          task();
        }),
      );
      return () => {
        taken = true;
        clearImmediate(turn);
      };
    },
  };
  readonly random: ClientRandom = {
    bytes: (count) => new Uint8Array(count).fill(++this.#serial),
    fraction: () => this.fraction,
  };

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const path = textOf(input).replace(BASE_URL, "");
    const isToken = path === "/oauth/token";
    const log = isToken ? this.tokenRequests : this.sent;
    const script = isToken ? this.tokenScript : this.script;
    const scripted = script[Math.min(log.length, script.length - 1)];
    log.push({
      method: init.method ?? "GET",
      path,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? init.body : null,
      redirect: init.redirect,
    });
    if (scripted === undefined) throw new Error("the script is empty");
    if (scripted === "hang") return await untilAborted(init.signal ?? null);
    if (scripted instanceof Error) throw scripted;
    const { status, headers = {}, body } = scripted;
    if (status === 204) return new Response(null, { status, headers: { ...headers } });
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { ...headers } });
  };
}

const untilAborted = (signal: AbortSignal | null): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));

/** The client asks by text. */
export function textOf(input: string | URL | Request): string {
  if (typeof input !== "string") throw new TypeError("an address is a text");
  return input;
}
