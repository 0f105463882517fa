/** Requests that carry something nasty in one place each: every place that the OpenAPI document knows, and every header. */
import { payment } from "./merchant.ts";

/** What parsers, databases, shells and pages have fallen for. Visible ASCII, so that each fits into a header. */
export const injections = [
  "'",
  "''; DROP TABLE payment; --",
  "' OR '1'='1",
  '"; SELECT sleep(10); --',
  "1); DELETE FROM journal; --",
  "$1",
  "${7*7}{{7*7}}",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "\\u0000\\x00%00",
  "`id`$(id)",
  "%s%n%d",
  "{}[]():,;",
] as const;

interface Fuzzed {
  readonly name: string;
  readonly bytes: Buffer;
}
interface Place {
  readonly token: string;
  /** An id that stands where the document has `{…}`. */
  readonly segment: string;
}

type Json = Readonly<Record<string, unknown>>;
const asObject = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const HEADERS = [
  "User-Agent",
  "X-Idempotency-Key",
  "Idempotency-Key",
  "Accept",
  "Content-Type",
  "Authorization",
  "X-Forwarded-For",
  "Cookie",
  "Referer",
];

/** One request for each injection at each place of each operation. */
export function requestsOf(document: unknown, place: Place): readonly Fuzzed[] {
  let serial = 0;
  const found: Fuzzed[] = [];
  for (const [path, methods] of Object.entries(asObject(asObject(document)["paths"])))
    for (const [method, operation] of Object.entries(asObject(methods))) {
      if (method !== "get" && method !== "post") continue;
      const filled = path.replace(/\{.*\}/, place.segment);
      const add = (where: string, injected: string, more: Parameters<typeof bytesOf>[2]): void => {
        const key = `fuzz-${++serial}`;
        const name = `${method} ${path}: ${where} ${injected}`;
        found.push({ name, bytes: bytesOf(method.toUpperCase(), place.token, { path: filled, key, ...more }) });
      };
      for (const injected of injections) {
        const escaped = encodeURIComponent(injected);
        if (path.includes("{")) add("segment", injected, { path: path.replace(/\{.*\}/, escaped) });
        for (const name of parametersOf(document, operation))
          add(`parameter ${name}`, injected, { path: `${filled}?${encodeURIComponent(name)}=${escaped}` });
        add("unknown parameter", injected, { path: `${filled}?${escaped}=${escaped}` });
        for (const header of HEADERS) add(`header ${header}`, injected, { header: [header, injected] });
        if (method === "post")
          for (const name of membersOf(document, operation))
            add(`member ${name}`, injected, { body: JSON.stringify({ ...bodyOf(path), [name]: injected }) });
      }
    }
  return found;
}

const bodyOf = (path: string): Json => (path === "/v1/payments" ? payment({ gateway: "stripe" }) : {});

function bytesOf(
  method: string,
  token: string,
  request: {
    readonly path?: string;
    readonly key?: string;
    readonly header?: readonly [string, string];
    readonly body?: string;
  },
): Buffer {
  const { path = "/", key = "", header, body = method === "POST" ? JSON.stringify(bodyOf(path)) : "" } = request;
  const headers = new Map([
    ["Host", "a"],
    ["Authorization", `Bearer ${token}`],
    ["X-Idempotency-Key", key],
    ["Content-Type", "application/json"],
    ["Content-Length", String(Buffer.byteLength(body))],
  ]);
  if (header !== undefined) headers.set(...header);
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body}`);
}

/** Follows one `$ref`. */
function resolve(document: unknown, value: unknown): Json {
  const { $ref } = asObject(value);
  if (typeof $ref !== "string") return asObject(value);
  return asObject(
    $ref
      .split("/")
      .slice(1)
      .reduce<unknown>((at, name) => asObject(at)[name], document),
  );
}

function parametersOf(document: unknown, operation: unknown): readonly string[] {
  const { parameters } = asObject(operation);
  const rows = Array.isArray(parameters) ? parameters.map((row) => resolve(document, row)) : [];
  return rows.filter((row) => row["in"] === "query").map((row) => String(row["name"]));
}

function membersOf(document: unknown, operation: unknown): readonly string[] {
  const content = asObject(asObject(asObject(operation)["requestBody"])["content"]);
  const schema = resolve(document, asObject(Object.values(content)[0])["schema"]);
  return Object.keys(asObject(schema["properties"]));
}
