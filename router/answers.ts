/** An answer as HTTP wants it, and what each kind of answer carries in its headers. */
import type { Buffer } from "node:buffer";
import { REFUSALS, type Refusal, type RefusalCode } from "../actors/domain/index.ts";
import type { Presenter, ShardReply } from "../actors/index.ts";
import { retryAfterSOf } from "./http-errors.ts";

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
  close: false,
};

const CHALLENGES: { readonly [C in RefusalCode]?: string } = {
  unauthenticated: 'Bearer realm="payments"',
  invalid_token: 'Bearer realm="payments", error="invalid_token"',
  insufficient_scope: 'Bearer realm="payments", error="insufficient_scope"',
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
  retryAfterS: reply.retryAfterS,
  location: reply.location,
  replayed: reply.replayed,
  allow: null,
  wwwAuthenticate: null,
  cache: NO_STORE,
  gatewayMs: exposeGatewayTime ? reply.gatewayMs : null,
  close: false,
});

/** A document of ours. `maxAgeS`: how long it may be kept; 0: not at all. */
export const answerDocument = (body: string, maxAgeS: number): Answer => ({
  ...PLAIN,
  status: 200,
  contentType: JSON_TYPE,
  body,
  cache: maxAgeS === 0 ? NO_STORE : `public, max-age=${maxAgeS}`,
});

/** An answer of the token endpoint. */
export const answerToken = (
  token: Pick<Answer, "status" | "retryAfterS" | "wwwAuthenticate"> & { readonly body: string },
): Answer => ({ ...PLAIN, contentType: JSON_TYPE, ...token });
