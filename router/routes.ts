/** The table of endpoints: method, path, scope, and what body is read. The server has one handler for each name. */
import type { Scope } from "./scopes.ts";

export type RouteName = "create_payment" | "get_payment" | "token" | "authorization_server" | "jwks" | "state_machine";

export interface Route {
  readonly name: RouteName;
  readonly method: "GET" | "POST";
  /** A trailing `{id}` stands for one segment. */
  readonly path: string;
  /** Null: no token is asked for. */
  readonly scope: Scope | null;
}

// biome-ignore format: a table reads by columns
export const ROUTES: readonly Route[] = [
  { name: "create_payment",       method: "POST", path: "/v1/payments",                            scope: "payments:write" },
  { name: "get_payment",          method: "GET",  path: "/v1/payments/{id}",                       scope: "payments:read" },
  { name: "token",                method: "POST", path: "/oauth/token",                            scope: null },
  { name: "authorization_server", method: "GET",  path: "/.well-known/oauth-authorization-server", scope: null },
  { name: "jwks",                 method: "GET",  path: "/.well-known/jwks.json",                  scope: null },
  { name: "state_machine",        method: "GET",  path: "/v1/meta/state-machine",                  scope: null },
];

export type RouteMatch =
  | { readonly kind: "route"; readonly route: Route; readonly id: string }
  /** The path exists, the method does not. `allow`: value of the Allow header. */
  | { readonly kind: "wrongMethod"; readonly allow: string }
  | { readonly kind: "unknown" };

interface PathRow {
  readonly byMethod: ReadonlyMap<string, RouteMatch & { kind: "route" }>;
  readonly wrongMethod: RouteMatch;
}

const UNKNOWN: RouteMatch = { kind: "unknown" };
const PATHS = new Map<string, PathRow>();
for (const path of new Set(ROUTES.map((route) => route.path))) {
  const routes = ROUTES.filter((route) => route.path === path);
  PATHS.set(path, {
    byMethod: new Map(routes.map((route) => [route.method, { kind: "route", route, id: "" }])),
    wrongMethod: { kind: "wrongMethod", allow: routes.map((route) => route.method).join(", ") },
  });
}

/**
 * Finds the row for a request. `method` and `path` are compared as they came: nothing is decoded, folded or
 * normalized, so `/v1/../v1/payments` and `%2e` are unknown paths.
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const exact = PATHS.get(path);
  if (exact !== undefined && !path.endsWith("}")) return exact.byMethod.get(method) ?? exact.wrongMethod;
  const cut = path.lastIndexOf("/") + 1;
  const withId = PATHS.get(`${path.slice(0, cut)}{id}`);
  if (withId === undefined || cut === path.length) return UNKNOWN;
  const match = withId.byMethod.get(method);
  return match === undefined ? withId.wrongMethod : { ...match, id: path.slice(cut) };
}
