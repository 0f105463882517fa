/** Which URLs may be webhook endpoints: the same rules when a merchant sets one and when we send to it. */
import { isIPv4, isIPv6 } from "node:net";
import { isLoopbackAddress, isPublicAddress } from "./address-guard.ts";

export interface EndpointRules {
  /** Plain HTTP too: only where receivers are on this machine. */
  readonly allowHttp: boolean;
  /** `localhost`, 127.0.0.0/8 and `::1` too. No other inner address is ever allowed. */
  readonly allowLoopback: boolean;
  /** Null: any port. */
  readonly ports: ReadonlySet<number> | null;
}

/** For the world. Only the ports of HTTPS: we are not to be made to knock at mail servers and databases. */
export const PUBLIC_ENDPOINTS: EndpointRules = {
  allowHttp: false,
  allowLoopback: false,
  ports: new Set([443, 8443]),
};
/** For the sandbox, where a receiver listens wherever there is a free port. */
export const SANDBOX_ENDPOINTS: EndpointRules = { allowHttp: true, allowLoopback: true, ports: null };

/** Why a URL is no endpoint. `host`: an inner name or a malformed one; `address`: a literal address that is not public. */
export type EndpointUrlFault =
  | "malformed"
  | "too_long"
  | "scheme"
  | "credentials"
  | "fragment"
  | "port"
  | "host"
  | "address";

export interface EndpointUrl {
  /** Normalized: lower-case ASCII host, IPv4 in four decimals, no default port. Store and send to this. */
  readonly href: string;
  readonly origin: string;
  /** Path and query, as it stands in the request line. */
  readonly path: string;
  /** Name or address, IPv6 without its brackets. */
  readonly host: string;
}

const LENGTH_MAX = 2_048;
/** Parsers disagree about these, and URL drops or rewrites them silently. */
const AMBIGUOUS = /[\s\\\p{Cc}]/u;
const SCHEMES = /^https?:\/\//i;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "https:": 443, "http:": 80 };
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;
const NAME_LENGTH_MAX = 253;
/** Last labels that only a resolver on the inside knows. */
const INNER_SUFFIXES: ReadonlySet<string> = new Set(
  ["localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "onion"], //
);

/** Reads what a merchant typed. The URL, or why it may not be an endpoint. Never throws. */
export function readEndpointUrl(text: string, rules: EndpointRules): EndpointUrl | EndpointUrlFault {
  if (text.length > LENGTH_MAX) return "too_long";
  if (AMBIGUOUS.test(text)) return "malformed";
  if (!SCHEMES.test(text)) return URL.canParse(text) ? "scheme" : "malformed";
  const url = URL.parse(text);
  if (url === null) return "malformed";
  if (url.href.length > LENGTH_MAX) return "too_long"; // percent-encoding and IDNA make it longer
  if (url.protocol !== "https:" && !rules.allowHttp) return "scheme";
  if (url.username !== "" || url.password !== "") return "credentials";
  if (text.includes("#")) return "fragment"; // an empty one leaves no trace in `hash`
  const port = url.port === "" ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  if (port === 0 || (rules.ports !== null && !rules.ports.has(port))) return "port";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIPv4(host) || isIPv6(host)) {
    if (!isAllowedAddress(host, rules)) return "address";
  } else if (!isAllowedName(host, rules)) return "host";
  return { href: url.href, origin: url.origin, path: url.pathname + url.search, host };
}

/** Whether we may connect to this address. Total, as `isPublicAddress`. */
export function isAllowedAddress(ip: string, rules: EndpointRules): boolean {
  return isPublicAddress(ip) || (rules.allowLoopback && isLoopbackAddress(ip));
}

/** Whether it names this machine, whatever a resolver says (RFC 6761 §6.3). */
export function isLoopbackName(name: string): boolean {
  return name === "localhost" || name.endsWith(".localhost");
}

/** A full name of the public DNS: two labels at least, for a single one is completed by the resolver's search list. */
function isAllowedName(name: string, rules: EndpointRules): boolean {
  const labels = name.split(".");
  if (name.length > NAME_LENGTH_MAX || !labels.every((label) => LABEL.test(label))) return false; // "a." has an empty one
  if (isLoopbackName(name)) return rules.allowLoopback;
  return labels.length > 1 && !INNER_SUFFIXES.has(labels.at(-1) ?? "");
}
