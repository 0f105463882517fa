/** An answer as HTTP wants it, and what each kind of answer carries in its headers. */
import type { Buffer } from "node:buffer";
import { REFUSALS, type Refusal, type RefusalCode } from "../actors/domain/index.ts";
import type { Presenter, RateState, ShardReply } from "../actors/index.ts";
import { retryAfterSOf } from "./http-errors.ts";
import { secondsUntilReset } from "./rate-headers.ts";
import type { CachedReply } from "./reply-cache.ts";

export const JSON_TYPE = "application/json";
export const PROBLEM_TYPE = "application/problem+json";

/** Ready to be written. A null or false field writes no header. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array | Buffer | string;
  readonly retryAfterS: number | null;
  readonly location: string | null;
  readonly replayed: boolean;
  readonly allow: string | null;
  readonly wwwAuthenticate: string | null;
  /** Value of Cache-Control. */
  readonly cache: string;
  readonly gatewayMs: number | null;
  readonly rate: RateState | null;
  /** Value of Content-Security-Policy. */
  readonly csp: string | null;
  /** Nothing more is read from this connection. */
  readonly close: boolean;
}

const NO_STORE = "no-store";
const PLAIN: Omit<Answer, "status" | "contentType" | "body"> = {
  retryAfterS: null,
  location: null,
  replayed: false,
  allow: null,
  wwwAuthenticate: null,
  cache: NO_STORE,
  gatewayMs: null,
  rate: null,
  csp: null,
  close: false,
};

const CHALLENGES: { readonly [C in RefusalCode]?: string } = {
  unauthenticated: 'Bearer realm="payments"',
  invalid_token: 'Bearer realm="payments", error="invalid_token"',
  insufficient_scope: 'Bearer realm="payments", error="insufficient_scope"',
  invalid_signature: 'Signature realm="webhooks"',
};

/** A refusal by the router itself. */
export function answerRefusal(
  refusal: Refusal,
  requestId: string,
  presenter: Presenter,
  more: Partial<Pick<Answer, "allow" | "close">> = {},
): Answer {
  return {
    ...PLAIN,
    status: REFUSALS[refusal.code].status,
    contentType: PROBLEM_TYPE,
    body: presenter.refusal(refusal, requestId),
    retryAfterS: retryAfterSOf(refusal),
    wwwAuthenticate: CHALLENGES[refusal.code] ?? null,
    ...more,
  };
}

/** What the shard decided. */
export const answerReply = (reply: ShardReply, exposeGatewayTime: boolean): Answer => ({
  status: reply.status,
  contentType: reply.problem ? PROBLEM_TYPE : JSON_TYPE,
  body: reply.body,
  retryAfterS: reply.retryAfterS ?? (reply.status === 429 ? secondsUntilReset(reply.rate) : null),
  location: reply.location,
  replayed: reply.replayed,
  allow: null,
  wwwAuthenticate: null,
  cache: NO_STORE,
  gatewayMs: exposeGatewayTime ? reply.gatewayMs : null,
  rate: reply.rate,
  csp: null,
  close: false,
});

/** A final reply that was given before. `rate`: as far as it is known here. */
export const answerCached = (reply: CachedReply, rate: RateState | null): Answer => ({
  ...PLAIN,
  status: reply.status,
  contentType: reply.problem ? PROBLEM_TYPE : JSON_TYPE,
  body: reply.body,
  replayed: true,
  rate,
});

/** A document that is the same for everybody, made by whoever starts the server. */
export interface ServedDocument {
  readonly contentType: string;
  readonly body: string;
  /** Value of Content-Security-Policy; null: none. */
  readonly csp: string | null;
}

/** `maxAgeS`: how long the document may be kept by who asked for it. */
export const answerDocument = ({ contentType, body, csp }: ServedDocument, maxAgeS: number): Answer => ({
  ...PLAIN,
  status: 200,
  contentType,
  body,
  cache: `public, max-age=${maxAgeS}`,
  csp,
});

/** A notification is on disk: in the words that its gateway looks for. */
export const answerNotification = (words: Pick<Answer, "contentType" | "body">): Answer => ({
  ...PLAIN,
  status: 200,
  ...words,
});

/** An answer of the token endpoint. */
export const answerToken = (
  token: Pick<Answer, "status" | "retryAfterS" | "wwwAuthenticate"> & { readonly body: string },
): Answer => ({ ...PLAIN, contentType: JSON_TYPE, ...token });
