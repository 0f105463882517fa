/** The client's access token: fetched when it is first needed, renewed before it ends, shared by all calls. */
import type { Token } from "./types.ts";

/** A token this close to its end is not sent any more: the request may be on its way for a while. */
const RENEW_BEFORE_MS = 60_000;

export class AccessTokens {
  readonly #fetchToken: () => Promise<Token>;
  readonly #nowMs: () => number;
  /** The one in use, or on its way. */
  #current: Promise<string> | null = null;
  #renewAtMs = 0;

  /** `fetchToken` is called once at a time. */
  constructor(fetchToken: () => Promise<Token>, nowMs: () => number) {
    this.#fetchToken = fetchToken;
    this.#nowMs = nowMs;
  }

  /** A token that is valid for a while. Rejects as `fetchToken` does; the next call then tries anew. */
  get(): Promise<string> {
    if (this.#current !== null && this.#nowMs() < this.#renewAtMs) return this.#current;
    this.#renewAtMs = Number.POSITIVE_INFINITY; // known when it is here
    const current = this.#fetchToken().then(
      (token) => {
        const lifeMs = token.expires_in * 1000;
        if (this.#current === current) this.#renewAtMs = this.#nowMs() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2);
        return token.access_token;
      },
      (error: unknown) => {
        if (this.#current === current) this.#current = null;
        throw error;
      },
    );
    this.#current = current;
    return current;
  }

  /** `token` was refused: the next call fetches another, unless that happened already. */
  async refused(token: string): Promise<void> {
    const { value } = await settle(this.#current);
    if (value === token) this.#current = null;
  }
}

/** The value of a promise; none when it failed or there is no promise. */
const settle = async (promise: Promise<string> | null): Promise<{ readonly value?: string }> => {
  try {
    return promise === null ? {} : { value: await promise };
  } catch {
    return {};
  }
};
