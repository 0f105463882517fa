/** The reply cache for the server's thread: shard threads come through the same door and must not carry a Redis client. */
import type { openIdempotencyCache } from "./idempotency-cache.ts";

/** The opener of the reply cache. */
export const loadIdempotencyCache = async (): Promise<typeof openIdempotencyCache> =>
  (await import("./idempotency-cache.ts")).openIdempotencyCache;
