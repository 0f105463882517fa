/** `POST /oauth/token`: client credentials (RFC 6749 §4.4) and the metadata that describes it (RFC 8414). */
import { Buffer } from "node:buffer";
import type { Clock, Log } from "../actors/index.ts";
import { isClientSecret } from "./client-secret.ts";
import type { Directory } from "./directory.ts";
import { GuessLimit } from "./guess-limit.ts";
import type { AccessTokenIssuer } from "./oauth.ts";
import { SCOPES, type Scope, splitScope } from "./scopes.ts";

export interface TokenRequest {
  readonly authorization: string | null;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  /** Address of the connection. */
  readonly remote: string;
}
export interface TokenAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfterS: number | null;
  readonly wwwAuthenticate: string | null;
}
export interface TokenEndpointOptions {
  readonly directory: Directory;
  readonly issuer: AccessTokenIssuer;
  readonly clock: Clock;
  readonly log: Log;
  /** Key of the stored hashes of secrets. */
  readonly clientSecretKey: Uint8Array;
}
export type TokenEndpoint = (request: TokenRequest) => Promise<TokenAnswer>;

/** Failures in a minute: of one address with one client, and of one address with any client. */
const CLIENT_FAILURES_MAX = 10;
const ADDRESS_FAILURES_MAX = 100;
const LIMIT = { windowMs: 60_000, keysMax: 20_000 };

const ERROR_STATUS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_scope: 400,
  unsupported_grant_type: 400,
  rate_limited: 429,
} as const;

/** Makes the endpoint. Its answers are RFC 6749 objects, not problems: that is what OAuth clients read. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { directory, issuer, clock, log, clientSecretKey } = options;
  const byClient = new GuessLimit({ ...LIMIT, failuresMax: CLIENT_FAILURES_MAX });
  const byAddress = new GuessLimit({ ...LIMIT, failuresMax: ADDRESS_FAILURES_MAX });
  return async ({ authorization, contentType, body, remote }) => {
    const form = readForm(contentType, body);
    if (form === null) return failure("invalid_request", "The body is a form, each parameter at most once.");
    if (form.get("grant_type") === null) return failure("invalid_request", "grant_type is missing.");
    if (form.get("grant_type") !== "client_credentials")
      return failure("unsupported_grant_type", "Only client_credentials is offered.");
    const given = readCredentials(authorization, form);
    if (given === "twice") return failure("invalid_request", "Send the client's secret once: as Basic or in the form.");
    if (given === null) return failure("invalid_client", "The client id and secret are missing.");

    const nowMs = clock.monotonicMs();
    const guessKey = `${remote} ${given.id}`;
    const waitMs = Math.max(byClient.waitMs(guessKey, nowMs), byAddress.waitMs(remote, nowMs));
    if (waitMs > 0) return { ...failure("rate_limited", "Too many failures."), retryAfterS: Math.ceil(waitMs / 1000) };
    const client = directory.client(given.id);
    if (!isClientSecret(given.secret, clientSecretKey, client?.secretHashes) || client?.status !== "active") {
      byClient.failed(guessKey, nowMs);
      byAddress.failed(remote, nowMs);
      // Once for each window: from now on the guesser waits. What is no client's id is the sender's text, and not logged.
      if (Math.max(byClient.waitMs(guessKey, nowMs), byAddress.waitMs(remote, nowMs)) > 0)
        log.warn({ address: remote, client: client?.id ?? null }, "a client's secret is being guessed");
      return failure("invalid_client", "The client id or the secret is wrong.");
    }
    const scopes = chooseScopes(form.get("scope"), client.scopes);
    if (scopes === null) return failure("invalid_scope", "A scope is unknown or not the client's.");
    const { accessToken, expiresInS } = await issuer.issue(client, scopes);
    const token = { access_token: accessToken, token_type: "Bearer", expires_in: expiresInS, scope: scopes.join(" ") };
    return { status: 200, body: JSON.stringify(token), retryAfterS: null, wwwAuthenticate: null };
  };
}

function failure(error: keyof typeof ERROR_STATUS, description: string): TokenAnswer {
  return {
    status: ERROR_STATUS[error],
    body: JSON.stringify({ error, error_description: description }),
    retryAfterS: null,
    wwwAuthenticate: error === "invalid_client" ? 'Basic realm="payments"' : null,
  };
}

/** Null: not a form, or a parameter stands twice. */
function readForm(contentType: string | null, body: Uint8Array): URLSearchParams | null {
  if (!/^application\/x-www-form-urlencoded(?:\s*;\s*charset="?utf-8"?)?$/i.test(contentType ?? "")) return null;
  const form = new URLSearchParams(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  return new Set(form.keys()).size === form.size ? form : null;
}

function readCredentials(
  authorization: string | null,
  form: URLSearchParams,
): { readonly id: string; readonly secret: string } | "twice" | null {
  const id = form.get("client_id");
  const secret = form.get("client_secret");
  if (authorization === null) return id === null || secret === null ? null : { id, secret };
  if (secret !== null) return "twice";
  const basic = /^basic ([A-Za-z0-9+/=_-]{1,2000})$/i.exec(authorization)?.[1];
  const pair = Buffer.from(basic ?? "", "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 1) return null;
  try {
    const basicId = decodeForm(pair.slice(0, colon));
    return id === null || id === basicId ? { id: basicId, secret: decodeForm(pair.slice(colon + 1)) } : "twice";
  } catch {
    return null;
  }
}

/** RFC 6749 §2.3.1: both parts of Basic are form-encoded. Throws on a broken escape. */
const decodeForm = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));

/** All of the client's scopes when none are asked for; null when one is not the client's. */
function chooseScopes(asked: string | null, granted: readonly string[]): readonly Scope[] | null {
  const own = SCOPES.filter((scope) => granted.includes(scope));
  if (asked === null) return own;
  const words = splitScope(asked);
  return words.length > 0 && words.every((word) => own.some((scope) => scope === word))
    ? own.filter((scope) => words.includes(scope))
    : null;
}

/** RFC 8414 metadata of the issuer. */
export const authorizationServerJson = (issuer: string): string =>
  JSON.stringify({
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: ["client_credentials"],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    scopes_supported: SCOPES,
  });
