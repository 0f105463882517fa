/**
 * Verified tokens by the SHA-256 of their text, so that a token is verified once and never kept. A token that is
 * being verified is verified once for all who wait. What may change before it expires (client revoked, key removed)
 * is asked of the directory for each request.
 */
import { hash } from "node:crypto";
import type { Clock } from "../actors/index.ts";
import type { Directory } from "./directory.ts";
import type { AccessTokenVerifier, Principal } from "./oauth.ts";

/** Enough for every token of ten thousand clients; the oldest is forgotten first and costs one verification. */
const TOKENS_MAX = 50_000;

export class TokenCache {
  readonly #verifier: AccessTokenVerifier;
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #principals = new Map<string, Principal>();
  readonly #running = new Map<string, Promise<Principal | null>>();

  constructor(verifier: AccessTokenVerifier, directory: Directory, clock: Clock) {
    this.#verifier = verifier;
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Null: not valid. A promise only for a token that is not known yet; it never rejects. */
  principalOf(token: string): Principal | null | Promise<Principal | null> {
    const digest = hash("sha256", token, "base64");
    const known = this.#principals.get(digest);
    if (known !== undefined && known.validUntilMs > this.#clock.nowMs()) return this.#stillTrusted(known);
    this.#principals.delete(digest);
    return this.#running.get(digest) ?? this.#verify(token, digest);
  }

  #verify(token: string, digest: string): Promise<Principal | null> {
    const running = this.#verifier.verify(token).then((principal) => {
      this.#running.delete(digest);
      if (principal === null) return null;
      if (this.#principals.size >= TOKENS_MAX) {
        const [oldest] = this.#principals.keys();
        if (oldest !== undefined) this.#principals.delete(oldest);
      }
      this.#principals.set(digest, principal);
      return this.#stillTrusted(principal);
    });
    this.#running.set(digest, running);
    return running;
  }

  #stillTrusted(principal: Principal): Principal | null {
    const client = this.#directory.client(principal.clientId);
    const trusted =
      client?.status === "active" &&
      client.merchantId === principal.merchantId &&
      this.#directory.signingKeys.some((key) => key.kid === principal.kid);
    return trusted ? principal : null;
  }
}
