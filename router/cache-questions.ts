/** Under what the final reply to a request is kept and looked for. */
import { hash } from "node:crypto";
import { Buffer } from "node:buffer";
import { type Command, COMMANDS } from "../actors/domain/index.ts";
import type { ShardRequest } from "../actors/index.ts";
import type { CacheQuestion } from "./reply-cache.ts";
import type { Route } from "./routes.ts";

/** Requests about payments. Answers that show a secret are kept nowhere but in their shard. */
export type CachedRequest = Extract<ShardRequest, { readonly kind: "createPayment" | Command }>;

const CACHED: ReadonlySet<ShardRequest["kind"]> = new Set<CachedRequest["kind"]>(["createPayment", ...COMMANDS]);
export const isCached = (request: ShardRequest): request is CachedRequest => CACHED.has(request.kind);

/**
 * The body is hashed as it came: a repeat that is written differently misses, and its shard decides. The payment that
 * the path names is part of it, for the table's route does not say which one.
 */
export function questionOf(route: Route, request: CachedRequest): CacheQuestion {
  const { merchantId, idempotencyKey, body } = request;
  const bytes = request.kind === "createPayment" ? body : Buffer.concat([Buffer.from(`${request.paymentId}\n`), body]);
  return { merchantId, key: idempotencyKey, route: nameOf(route), bodyHash: hash("sha256", bytes, "buffer") };
}

/** "POST /v1/payments/{id}/capture", made once for each row of the table. */
function nameOf(route: Route): string {
  let name = NAMES.get(route);
  if (name === undefined) NAMES.set(route, (name = `${route.method} ${route.path}`));
  return name;
}
const NAMES = new Map<Route, string>();
