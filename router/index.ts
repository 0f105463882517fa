/** The HTTP door: turns requests into work for shards and answers into HTTP. Threads load only what they call. */
export { startAdminListener, type AdminListener, type AdminListenerOptions, type Readiness } from "./admin-listener.ts";
export { hashClientSecret, looksLikeClientSecret, mintClientSecret } from "./client-secret.ts";
export type { ClientEntry, Directory, Jwk, MerchantEntry, SigningKeyEntry } from "./directory.ts";
export type { ServedDocument } from "./answers.ts";
export {
  EDGE_REQUESTS_PER_SECOND,
  startHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from "./http-server.ts";
export type { NoticeResult, RouterMetrics } from "./metrics.ts";
export {
  createAccessTokenIssuer,
  createAccessTokenVerifier,
  generateSigningKey,
  type AccessTokenIssuer,
  type AccessTokenVerifier,
  type Principal,
  type TokenOptions,
} from "./oauth.ts";
export { createPresenter, type PresenterOptions } from "./presenter.ts";
export type { CachedReply, CacheQuestion, ReplyCache } from "./reply-cache.ts";
export { createRequestReader } from "./request-reader.ts";
export { SCOPES, type Scope } from "./scopes.ts";
export { planSlotMap, SlotMap } from "./slot-map.ts";
export type { IdempotencyCacheMetrics } from "./idempotency-cache.ts";
export { type NoticeIntake, WEBHOOK_BODY_MAX_BYTES } from "./webhooks.ts";
export { loadDocuments } from "./docs-loader.ts";
export { loadIdempotencyCache } from "./idempotency-cache-loader.ts";
