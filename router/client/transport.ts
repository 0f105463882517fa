/** Sends requests: finds a token, times tries, repeats what may be repeated with the one key it was given. */
import { AccessTokens } from "./access-tokens.ts";
import { type RawAnswer, readAnswer } from "./answers.ts";
import { PaymentError } from "./payment-error.ts";
import { type RetryTerms, Tries } from "./retry.ts";
import { ROUTES, type RouteName, type Token } from "./types.ts";
import { type ClientClock, type ClientRandom, orAborted, sleep } from "./world.ts";

export interface TransportTerms {
  /** URL of the API. */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scopes to ask for; null: all that the client has. */
  readonly scopes: readonly string[] | null;
  readonly fetch: typeof fetch;
  readonly clock: ClientClock;
  readonly random: ClientRandom;
  readonly retry: RetryTerms;
  /** Longest time of one try. */
  readonly tryTimeoutMs: number;
  /** Told of every answer and of every try without one. */
  readonly onTry: (report: TryReport) => void;
}

/** What one try came to. */
export interface TryReport {
  readonly route: RouteName;
  /** 1 for the first. */
  readonly try: number;
  /** Null: no answer came. */
  readonly status: number | null;
  readonly requestId: string | null;
  readonly idempotencyKey: string | null;
  /** The answer is the stored one of an earlier try. */
  readonly replayed: boolean;
}

export interface CallTerms {
  /** In place of `{…}` in the path. */
  readonly segment?: string | undefined;
  readonly query?: object | undefined;
  readonly body?: object | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One try's request. */
interface Sending {
  readonly route: RouteName;
  readonly try: number;
  readonly url: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal | undefined;
}

/** Routes that ask for no token. */
const OPEN: ReadonlySet<RouteName> = new Set(["authorization_server", "jwks", "state_machine", "openapi", "docs"]);
const FORM = "application/x-www-form-urlencoded";

export class Transport {
  readonly #terms: TransportTerms;
  readonly #tokens: AccessTokens;

  constructor(terms: TransportTerms) {
    this.#terms = terms;
    this.#tokens = new AccessTokens(
      () => this.#fetchToken(),
      () => terms.clock.nowMs(),
    );
  }

  /**
   * The JSON of a success. The key is made here, before the first try, unless the caller brings one. Throws PaymentError,
   * or what `signal` was aborted with.
   */
  async call(route: RouteName, call: CallTerms): Promise<unknown> {
    const { clock, random, retry } = this.#terms;
    const key = ROUTES[route].keyed ? (call.idempotencyKey ?? mintKey(random)) : null;
    const url = urlOf(this.#terms.baseUrl, route, call);
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    const tries = new Tries(retry);
    let renewed = false;
    for (let count = 1; ; count++) {
      let token: string | null = null;
      try {
        token = OPEN.has(route) ? null : await orAborted(this.#tokens.get(), call.signal);
        call.signal?.throwIfAborted();
        const headers = headersOf(token, key, body);
        return await this.#try({ route, try: count, url, key, headers, body, signal: call.signal });
      } catch (error) {
        call.signal?.throwIfAborted();
        if (!(error instanceof PaymentError)) throw error;
        if (error.code === "invalid_token" && token !== null && !renewed) {
          renewed = true; // it may have been revoked, or the keys were changed
          await this.#tokens.refused(token);
          continue;
        }
        const waitMs = tries.waitAfterMs(error, clock.nowMs(), random.fraction());
        if (waitMs === null) throw withKey(error, key);
        await sleep(clock, waitMs, call.signal);
      }
    }
  }

  /** One try; whoever needs the token repeats it. */
  async #fetchToken(): Promise<Token> {
    const { baseUrl, clientId, clientSecret, scopes } = this.#terms;
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (scopes !== null) form.set("scope", scopes.join(" "));
    const basic = btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
    const token = await this.#try({
      route: "token",
      try: 1,
      url: urlOf(baseUrl, "token", {}),
      key: null,
      headers: { Accept: "application/json", Authorization: `Basic ${basic}`, "Content-Type": FORM },
      body: form.toString(),
      signal: undefined,
    });
    const { access_token: text, expires_in: lifeS } = token as Partial<Token>;
    if (typeof text !== "string" || typeof lifeS !== "number")
      throw new PaymentError("unexpected_answer", "the token endpoint answered no token");
    return token as Token;
  }

  async #try(sending: Sending): Promise<unknown> {
    const { clock, onTry } = this.#terms;
    const report = { route: sending.route, try: sending.try, idempotencyKey: sending.key };
    let answer: RawAnswer;
    try {
      answer = await this.#send(sending);
    } catch (error) {
      onTry({ ...report, status: null, requestId: null, replayed: false });
      throw error;
    }
    const { status, headers } = answer;
    const replayed = headers.get("Idempotent-Replayed") === "true";
    onTry({ ...report, status, requestId: headers.get("Request-Id"), replayed });
    return readAnswer(answer, sending.key, clock.nowMs());
  }

  /** Throws PaymentError when no whole answer came in time. */
  async #send({ route, url, headers, body, signal, key }: Sending): Promise<RawAnswer> {
    const { clock, fetch, tryTimeoutMs } = this.#terms;
    const limit = new AbortController();
    const cancel = clock.after(tryTimeoutMs, () => limit.abort());
    const { method } = ROUTES[route];
    try {
      const response = await fetch(url, {
        method,
        headers,
        body,
        redirect: "error", // a token is for the API alone
        signal: signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      const [code, words] = limit.signal.aborted
        ? (["timed_out", `no answer within ${tryTimeoutMs} ms`] as const)
        : (["connection_failed", "no whole answer came"] as const);
      throw new PaymentError(code, `${method} ${ROUTES[route].path}: ${words}`, { idempotencyKey: key }, { cause });
    } finally {
      cancel();
    }
  }
}

/** 128 random bits: nobody else's, and not guessable. Letters alone, which nobody takes for a number of any kind. */
const mintKey = (random: ClientRandom): string =>
  Array.from(random.bytes(16), (byte) => LETTERS.charAt(byte >> 4) + LETTERS.charAt(byte & 15)).join("");
const LETTERS = "abcdefghijklmnop";

function urlOf(baseUrl: string, route: RouteName, { segment, query }: CallTerms): string {
  const path = ROUTES[route].path.replace(/\{\w+\}/, () => encodeURIComponent(segment ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  return `${baseUrl.replace(/\/+$/, "")}${path}${search.size === 0 ? "" : `?${search.toString()}`}`;
}

const headersOf = (
  token: string | null,
  key: string | null,
  body: string | null,
): Readonly<Record<string, string>> => ({
  Accept: "application/json",
  ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
  ...(key === null ? {} : { "X-Idempotency-Key": key }),
  ...(body === null ? {} : { "Content-Type": "application/json" }),
});

/** An error from before the request, such as one of the token endpoint, is told with the request's key. */
function withKey(error: PaymentError, idempotencyKey: string | null): PaymentError {
  if (error.idempotencyKey === idempotencyKey) return error;
  const { code, message, status, requestId, problem, retryAfterMs } = error;
  const facts = { status, requestId, problem, retryAfterMs, idempotencyKey };
  return new PaymentError(code, message, facts, { cause: error });
}
