/** The table of endpoints: method, path, scope. The server has one handler for each name. */
import type { Scope } from "./scopes.ts";

export type RouteName =
  | "create_payment"
  | "list_payments"
  | "get_payment"
  | "capture_payment"
  | "cancel_payment"
  | "create_refund"
  | "list_refunds"
  | "list_payment_events"
  | "get_refund"
  | "list_events"
  | "get_balances"
  | "get_idempotency_key"
  | "create_webhook_endpoint"
  | "list_webhook_endpoints"
  | "get_webhook_endpoint"
  | "delete_webhook_endpoint"
  | "rotate_webhook_secret"
  | "list_deliveries"
  | "resend_event"
  | "stripe_webhook"
  | "adyen_webhook"
  | "token"
  | "authorization_server"
  | "jwks"
  | "state_machine"
  | "openapi"
  | "docs";

export interface Route {
  readonly name: RouteName;
  readonly method: "GET" | "POST" | "DELETE";
  /** `{…}` stands for one segment that is not empty; a path has at most one. */
  readonly path: string;
  /** Null: no token is asked for. */
  readonly scope: Scope | null;
}

// biome-ignore format: a table reads by columns
export const ROUTES: readonly Route[] = [
  { name: "create_payment",          method: "POST",   path: "/v1/payments",                             scope: "payments:write" },
  { name: "list_payments",           method: "GET",    path: "/v1/payments",                             scope: "payments:read" },
  { name: "get_payment",             method: "GET",    path: "/v1/payments/{id}",                        scope: "payments:read" },
  { name: "capture_payment",         method: "POST",   path: "/v1/payments/{id}/capture",                scope: "payments:write" },
  { name: "cancel_payment",          method: "POST",   path: "/v1/payments/{id}/cancel",                 scope: "payments:write" },
  { name: "create_refund",           method: "POST",   path: "/v1/payments/{id}/refunds",                scope: "refunds:write" },
  { name: "list_refunds",            method: "GET",    path: "/v1/payments/{id}/refunds",                scope: "payments:read" },
  { name: "list_payment_events",     method: "GET",    path: "/v1/payments/{id}/events",                 scope: "events:read" },
  { name: "get_refund",              method: "GET",    path: "/v1/refunds/{id}",                         scope: "payments:read" },
  { name: "list_events",             method: "GET",    path: "/v1/events",                               scope: "events:read" },
  { name: "get_balances",            method: "GET",    path: "/v1/balances",                             scope: "balances:read" },
  { name: "get_idempotency_key",     method: "GET",    path: "/v1/idempotency/{key}",                    scope: "payments:read" },
  { name: "create_webhook_endpoint", method: "POST",   path: "/v1/webhook_endpoints",                    scope: "webhooks:write" },
  { name: "list_webhook_endpoints",  method: "GET",    path: "/v1/webhook_endpoints",                    scope: "webhooks:write" },
  { name: "get_webhook_endpoint",    method: "GET",    path: "/v1/webhook_endpoints/{id}",               scope: "webhooks:write" },
  { name: "delete_webhook_endpoint", method: "DELETE", path: "/v1/webhook_endpoints/{id}",               scope: "webhooks:write" },
  { name: "rotate_webhook_secret",   method: "POST",   path: "/v1/webhook_endpoints/{id}/rotate_secret", scope: "webhooks:write" },
  { name: "list_deliveries",         method: "GET",    path: "/v1/webhook_endpoints/{id}/deliveries",    scope: "webhooks:write" },
  { name: "resend_event",            method: "POST",   path: "/v1/webhook_endpoints/{id}/resend",        scope: "webhooks:write" },
  { name: "stripe_webhook",          method: "POST",   path: "/v1/webhooks/stripe",                      scope: null },
  { name: "adyen_webhook",           method: "POST",   path: "/v1/webhooks/adyen",                       scope: null },
  { name: "token",                   method: "POST",   path: "/oauth/token",                             scope: null },
  { name: "authorization_server",    method: "GET",    path: "/.well-known/oauth-authorization-server",  scope: null },
  { name: "jwks",                    method: "GET",    path: "/.well-known/jwks.json",                   scope: null },
  { name: "state_machine",           method: "GET",    path: "/v1/meta/state-machine",                   scope: null },
  { name: "openapi",                 method: "GET",    path: "/openapi.json",                            scope: null },
  { name: "docs",                    method: "GET",    path: "/docs",                                    scope: null },
];

export type RouteMatch =
  /** `segment`: what stood in place of `{…}`, as it came; empty for a path without one. */
  | { readonly kind: "route"; readonly route: Route; readonly segment: string }
  /** The path exists, the method does not. `allow`: value of the Allow header. */
  | { readonly kind: "wrongMethod"; readonly allow: string }
  | { readonly kind: "unknown" };

interface PathRow {
  readonly byMethod: ReadonlyMap<string, RouteMatch & { kind: "route" }>;
  readonly wrongMethod: RouteMatch;
}

const UNKNOWN: RouteMatch = { kind: "unknown" };
/** Paths without a variable segment. */
const FIXED = new Map<string, PathRow>();
/** The rest, by what stands before the segment, then by what follows it. */
const VARIABLE = new Map<string, Map<string, PathRow>>();
for (const path of new Set(ROUTES.map((route) => route.path))) {
  const routes = ROUTES.filter((route) => route.path === path);
  const row: PathRow = {
    byMethod: new Map(routes.map((route) => [route.method, { kind: "route", route, segment: "" }])),
    wrongMethod: { kind: "wrongMethod", allow: routes.map((route) => route.method).join(", ") },
  };
  const parts = /^(.*)\{.*\}(.*)$/.exec(path);
  if (parts === null) {
    FIXED.set(path, row);
    continue;
  }
  const [, before = "", after = ""] = parts;
  const rows = VARIABLE.get(before) ?? new Map<string, PathRow>();
  VARIABLE.set(before, rows.set(after, row));
}
/** The `type` of a problem is a place in this page: the same document. */
FIXED.set("/docs/errors", FIXED.get("/docs") as PathRow);

/**
 * Finds the row for a request. `method` and `path` are compared as they came: nothing is decoded, folded or
 * normalized, so `/v1/../v1/payments` and `%2e` are unknown paths.
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const fixed = FIXED.get(path);
  if (fixed !== undefined) return fixed.byMethod.get(method) ?? fixed.wrongMethod;
  for (const [before, rows] of VARIABLE) {
    if (!path.startsWith(before)) continue;
    const slash = path.indexOf("/", before.length);
    const end = slash < 0 ? path.length : slash;
    const row = end === before.length ? undefined : rows.get(path.slice(end));
    if (row === undefined) return UNKNOWN;
    const match = row.byMethod.get(method);
    return match === undefined ? row.wrongMethod : { ...match, segment: path.slice(before.length, end) };
  }
  return UNKNOWN;
}
