/**
 * What the first line of a request and the count of its headers condemn before anybody asks who sent it. This is no web
 * application firewall: it knows a few marks of scanners and saves the work of answering them with care. Nothing relies
 * on it: paths are compared byte for byte, bodies and parameters are judged where they are read.
 */
import { type Refusal, refuse } from "../actors/domain/index.ts";

/** Longest path and query, bytes: the longest key, percent-encoded, and the longest filters fit well. */
export const URL_MAX = 2_048;
/** Clients send about ten, proxies add as many. The library itself refuses more than a hundred. */
export const HEADERS_MAX = 64;

/** A request that only a scanner sends counts this often against its address. */
const PROBE_WEIGHT = 50;

const TOO_LONG = refuse("invalid_request", `A URL has at most ${URL_MAX} characters.`);
const TOO_MANY_HEADERS = refuse("invalid_request", `A request has at most ${HEADERS_MAX} headers.`);
const NO_SUCH_PATH = refuse("not_found", "There is no such path.");

/** `weight`: what the request costs its address, 1 for one that passes. */
export interface EdgeVerdict {
  readonly refusal: Refusal | null;
  readonly weight: number;
}

const PASSED: EdgeVerdict = { refusal: null, weight: 1 };
const ODD_PATH: EdgeVerdict = { refusal: NO_SUCH_PATH, weight: 1 };
const PROBED: EdgeVerdict = { refusal: NO_SUCH_PATH, weight: PROBE_WEIGHT };

/** Paths under which other people's software keeps its secrets and its holes; none of them is ours. */
const PROBES =
  /^\/(?:\.(?!well-known\/)|wp-|cgi-bin|phpmyadmin|admin|actuator|server-status|solr|boaform|HNAP1|vendor\/|_)/i;
const SCRIPTS = /\.(?:php\d?|aspx?|jsp|cgi|env|bak|sql|ya?ml|ini)$/i;

/** Keys stand in this path percent-encoded and may hold any visible character. */
const ENCODED_PREFIX = "/v1/idempotency/";
/** Escapes (encoded traversal, NUL, doubled encoding), dot segments, empty segments, back slashes, parameters, other bytes. */
const ODD = /[^!-~]|[%\\;]|\/\/|\/\.\.?(?:\/|$)/;

/** Judges a request by its first line. `path` and `query` as they came; `isKnown`: a route of ours without a variable segment. */
export function checkEdge(path: string, query: string, headerCount: number, isKnown: boolean): EdgeVerdict {
  if (headerCount > HEADERS_MAX) return { refusal: TOO_MANY_HEADERS, weight: 1 };
  if (path.length + query.length > URL_MAX) return { refusal: TOO_LONG, weight: 1 };
  if (isKnown || path.startsWith(ENCODED_PREFIX)) return PASSED;
  if (PROBES.test(path) || SCRIPTS.test(path)) return PROBED;
  return ODD.test(path) ? ODD_PATH : PASSED;
}
