/** Bad requests about merchants' webhook endpoints. */
import { EVENT_TYPES } from "../event-types.ts";
import {
  AT_SHARD,
  BAD_KEY,
  type BadInputCase,
  type BadRequest,
  CARD,
  cardAt,
  type Expected,
  get,
  invalid,
  MEDIA_TYPE,
  NOT_ALLOWED,
  NOT_FOUND,
  NOT_JSON,
  one,
  PAN,
  POST,
  refused,
  UNAUTHENTICATED,
} from "./bad-input-case.ts";

const PATH = "/v1/webhook_endpoints";
const NOBODYS = `${PATH}/whe_01h455vb4pex5vsknk084sn02q`;
const NOBODYS_EVENT = "evt_01h455vb4pex5vsknk084sn02q";
const GOOD_URL = "https://shop.example/webhooks";

const endpoint = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify({ url: GOOD_URL, ...fields });
const make = (row: number, name: string, text: string, expect: Expected) =>
  one(row, `endpoint: ${name}`, { path: PATH, body: text }, expect, AT_SHARD);

const URLS: readonly BadInputCase[] = [
  ...[
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://shop.example/",
    "data:text/plain,x",
    "https://user:password@shop.example/",
    "https://user@shop.example/",
    "https://10.0.0.7/",
    "https://0x0a.0.0.1/",
    "https://167772161/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.168.1.1/",
    "https://0.0.0.0/",
    "https://[fd00::1]/",
    "https://[::ffff:10.0.0.7]/",
    "https://metadata.internal/",
    "https://shop.example/#fragment",
    "https://",
    "shop.example/webhooks",
    "//shop.example/webhooks",
  ].map((url) => make(41, url, endpoint({ url }), invalid("/url", "invalid_url"))),
  make(41, "empty", endpoint({ url: "" }), invalid("/url", "too_short")),
  make(41, "2,049 characters", endpoint({ url: `${GOOD_URL}/${"x".repeat(2_019)}` }), invalid("/url", "too_long")),
  make(41, "a line break", endpoint({ url: `${GOOD_URL}\r\nHost: x` }), invalid("/url", "invalid_text")),
  make(41, "missing", "{}", invalid("/url", "missing_field")),
  ...[7, null, true, ["https://shop.example/"], { href: GOOD_URL }].map((url) =>
    make(41, JSON.stringify(url), endpoint({ url }), invalid("/url", "invalid_type")),
  ),
];

const TYPES: readonly BadInputCase[] = [
  make(
    41,
    "a type that does not exist",
    endpoint({ event_types: ["payment.paid"] }),
    invalid("/event_types/0", "invalid_value"),
  ),
  make(
    41,
    "a type that is no text",
    endpoint({ event_types: [EVENT_TYPES[0], 7] }),
    invalid("/event_types/1", "invalid_type"),
  ),
  make(41, "no types", endpoint({ event_types: [] }), invalid("/event_types", "too_few")),
  make(
    41,
    "a type twice",
    endpoint({ event_types: [EVENT_TYPES[0], EVENT_TYPES[0]] }),
    invalid("/event_types", "duplicate_value"),
  ),
  make(
    41,
    "51 types",
    endpoint({ event_types: Array.from({ length: 51 }, (_, i) => `t${i}`) }),
    invalid("/event_types", "too_many"),
  ),
  ...["payment.captured", null, {}].map((types) =>
    make(
      41,
      `types: ${JSON.stringify(types)}`,
      endpoint({ event_types: types }),
      invalid("/event_types", "invalid_type"),
    ),
  ),
];

const BODIES: readonly BadInputCase[] = [
  make(15, "cut", '{"url":"https', NOT_JSON),
  make(16, "array", "[]", NOT_JSON),
  make(17, "url twice", '{"url":"https://a.example/","url":"https://b.example/"}', refused(400, "duplicate_field")),
  ...["secret", "status", "id", "merchant_id", "disabled_reason", "enabled"].map((name) =>
    make(20, name, endpoint({ [name]: "x" }), invalid(`/${name}`, "unknown_field")),
  ),
  make(22, "another key in the body", endpoint({ idempotency_key: "another" }), BAD_KEY),
  make(34, "URL", endpoint({ url: `${GOOD_URL}/${PAN}` }), cardAt("/url")),
  make(34, "URL, escaped", endpoint({ url: `${GOOD_URL}?card=%34${PAN.slice(1)}` }), cardAt("/url")),
  make(34, "type", endpoint({ event_types: [PAN] }), cardAt("/event_types/0")),
  one(34, "endpoint in the path", { path: `${PATH}/${PAN}/resend` }, CARD),
];

/** A request about an endpoint that is nobody's. */
const of = (row: number, name: string, request: Partial<BadRequest>, expect: Expected, more = {}) =>
  one(row, `${request.method ?? "POST"} ${name}`, { body: "{}", ...request }, expect, more);
const DELETE: Partial<BadRequest> = { ...POST, method: "DELETE", path: NOBODYS, headers: [], key: null, body: null };

const CHANGES = (["rotate_secret", "resend"] as const).flatMap((command): readonly BadInputCase[] => {
  const path = `${NOBODYS}/${command}`;
  return [
    of(11, `GET of ${command}`, { method: "GET", path, body: null }, NOT_ALLOWED),
    of(13, `text/plain to ${command}`, { path, headers: [["Content-Type", "text/plain"]] }, MEDIA_TYPE),
    of(16, `array to ${command}`, { path, body: "[]" }, NOT_JSON, AT_SHARD),
    of(20, `a secret to ${command}`, { path, body: '{"secret":"x"}' }, invalid("/secret", "unknown_field"), AT_SHARD),
    of(42, `${command} without a key`, { path, key: null }, refused(400, "idempotency_key_missing")),
    of(51, `${command} without the scope`, { path, auth: "reader" }, refused(403, "insufficient_scope")),
    of(53, `${command} of a payment`, { path: path.replace("whe_", "pay_") }, NOT_FOUND),
  ];
});

const SUBJECTS: readonly BadInputCase[] = [
  of(52, "rotate_secret of nobody's", { path: `${NOBODYS}/rotate_secret` }, NOT_FOUND, AT_SHARD),
  of(
    52,
    "resend of nobody's",
    { path: `${NOBODYS}/resend`, body: JSON.stringify({ event_id: NOBODYS_EVENT }) },
    NOT_FOUND,
    AT_SHARD,
  ),
  of(37, "resend of nothing", { path: `${NOBODYS}/resend` }, invalid("/event_id", "missing_field"), AT_SHARD),
  ...["", "evt_", "pay_01h455vb4pex5vsknk084sn02q", NOBODYS_EVENT.toUpperCase(), "'; DROP TABLE"].map((id) =>
    of(
      37,
      `resend of "${id}"`,
      { path: `${NOBODYS}/resend`, body: JSON.stringify({ event_id: id }) },
      invalid("/event_id", "invalid_id"),
      AT_SHARD,
    ),
  ),
  of(52, "of nobody's", DELETE, NOT_FOUND, AT_SHARD),
  of(53, "of what is no id", { ...DELETE, path: `${PATH}/nope` }, NOT_FOUND),
  of(53, "of a payment", { ...DELETE, path: NOBODYS.replace("whe_", "pay_") }, NOT_FOUND),
  of(58, "with a parameter", { ...DELETE, path: `${NOBODYS}?force=1` }, refused(400, "invalid_parameter")),
  of(49, "without a token", { ...DELETE, auth: { raw: null } }, UNAUTHENTICATED),
  of(51, "without the scope", { ...DELETE, auth: "reader" }, refused(403, "insufficient_scope")),
  of(51, "of a suspended merchant", { ...DELETE, auth: "suspended" }, refused(403, "merchant_suspended")),
  of(11, "of all", { ...DELETE, path: PATH }, NOT_ALLOWED),
  get(52, "nobody's endpoint", { path: NOBODYS }, NOT_FOUND, AT_SHARD),
  get(52, "deliveries of nobody's endpoint", { path: `${NOBODYS}/deliveries` }, NOT_FOUND, AT_SHARD),
  get(51, "endpoints without the scope", { path: PATH, auth: "reader" }, refused(403, "insufficient_scope")),
];

export const BAD_ENDPOINTS: readonly BadInputCase[] = [...URLS, ...TYPES, ...BODIES, ...CHANGES, ...SUBJECTS];
