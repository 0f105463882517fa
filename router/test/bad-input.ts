/**
 * The bad-input catalogue of the merchant API as data: what is sent, and what must come back. The router's own test
 * runs every case against a fake shard; the cluster's runs the same cases against a started node.
 */
import { Buffer } from "node:buffer";
import { BAD_COMMANDS } from "./bad-commands.ts";
import {
  type BadInputCase,
  accepted,
  AT_SHARD,
  BAD_KEY,
  BAD_TOKEN,
  body,
  CARD,
  cardAt,
  CREATED,
  get,
  GOOD,
  invalid,
  JSON_HEADER,
  keyed,
  MEDIA_TYPE,
  NOT_ALLOWED,
  NOT_FOUND,
  NOT_INTEGER,
  NOT_JSON,
  one,
  OUT_OF_RANGE,
  PAN,
  refused,
  step,
  UNAUTHENTICATED,
  withAmount,
  withFields,
} from "./bad-input-case.ts";
import { BAD_ENDPOINTS } from "./bad-endpoints.ts";
import { BAD_READS } from "./bad-reads.ts";
import { CRAFTED_TOKENS } from "./crafted-tokens.ts";

export { type Auth, type BadInputCase, type BadRequest, paymentIdIn, toBytes } from "./bad-input-case.ts";

const PATHS: readonly BadInputCase[] = [
  ...[
    "/v1/../v1/payments",
    "/v1/%2e%2e/v1/payments",
    "/v1/payments%00",
    "//v1/payments",
    "/v1/payments;a=b",
    "/.git/config",
    "/wp-login.php",
  ].map((path) => get(10, path.slice(0, 30), { path }, NOT_FOUND)),
  get(10, "3 kB", { path: `/${"a".repeat(3_000)}` }, refused(400, "invalid_request")),
  get(10, "3 kB of query", { path: `/v1/payments?${"a".repeat(3_000)}` }, refused(400, "invalid_request")),
  get(
    6,
    "70 headers",
    { headers: Array.from({ length: 70 }, (_, i) => [`X-${i}`, "1"] as const) },
    refused(400, "invalid_request"),
  ),
  get(11, "unknown path", { path: "/nope" }, NOT_FOUND),
  get(11, "trailing slash", { path: "/v1/payments/" }, NOT_FOUND),
  one(11, "DELETE", { method: "DELETE", body: null }, NOT_ALLOWED),
  one(11, "TRACE", { method: "TRACE", body: null }, NOT_ALLOWED),
  one(11, "lower-case method", { method: "post" }, NOT_ALLOWED),
  one(11, "POST on one payment", { path: "/v1/payments/pay_01h455vb4pex5vsknk084sn02q" }, NOT_ALLOWED),
  one(
    12,
    "Expect: 100-continue",
    { headers: [JSON_HEADER, ["Expect", "100-continue"]] },
    { status: 201, code: null },
    { reachesShard: true, charges: 1 },
  ),
  get(12, "GET with a body", { path: "/v1/payments/nope", body: "{}" }, NOT_FOUND),
  get(60, "another version", { path: "/v2/payments" }, NOT_FOUND),
];

const FORMAT: readonly BadInputCase[] = [
  one(13, "no content type", { headers: [] }, MEDIA_TYPE),
  one(13, "text/plain", { headers: [["Content-Type", "text/plain"]] }, MEDIA_TYPE),
  one(13, "utf-16", { headers: [["Content-Type", "application/json; charset=utf-16"]] }, MEDIA_TYPE),
  one(13, "gzip", { headers: [JSON_HEADER, ["Content-Encoding", "gzip"]] }, MEDIA_TYPE),
  one(
    14,
    "declared too large",
    { body: withFields({ description: "x".repeat(65_536) }) },
    refused(413, "body_too_large"),
  ),
  one(
    14,
    "chunked too large",
    { body: withFields({ description: "x".repeat(65_536) }), chunked: true },
    refused(413, "body_too_large"),
  ),
  body(15, "empty", "", NOT_JSON),
  body(15, "cut", '{"amount":1299,"curr', NOT_JSON),
  body(15, "trailing bytes", `${JSON.stringify(GOOD)}x`, NOT_JSON),
  body(15, "byte order mark", `\ufeff${JSON.stringify(GOOD)}`, NOT_JSON),
  body(15, "invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), NOT_JSON),
  body(15, "UTF-16", Buffer.from(JSON.stringify(GOOD), "utf16le"), NOT_JSON),
  body(15, "lone surrogate", withFields({}).replace("}", ',"description":"\\ud800"}'), NOT_JSON),
  body(15, "lone surrogate in a key", withFields({}).replace("}", ',"\\udc00":1}'), NOT_JSON),
  body(16, "array", "[]", NOT_JSON),
  body(16, "string", '"x"', NOT_JSON),
  body(16, "null", "null", NOT_JSON),
  body(16, "number", "7", NOT_JSON),
  body(17, "amount twice", '{"amount":1,"currency":"EUR","payment_method":"tok_visa","amount":2}', {
    ...refused(400, "duplicate_field"),
    pointer: "/amount",
    reason: "duplicate_field",
  }),
  body(
    17,
    "amount twice, once escaped",
    '{"amount":1,"currency":"EUR","payment_method":"tok_visa","am\\u006funt":2}',
    refused(400, "duplicate_field"),
  ),
  body(17, "metadata key twice", withFields({}).replace("}", ',"metadata":{"a":"1","a":"2"}}'), {
    ...refused(400, "duplicate_field"),
    pointer: "/metadata/a",
    reason: "duplicate_field",
  }),
  body(18, "__proto__", withFields({}).replace("}", ',"__proto__":{"x":1}}'), invalid("/__proto__", "unknown_field")),
  body(
    18,
    "constructor.prototype",
    withFields({ constructor: { prototype: { x: 1 } } }),
    invalid("/constructor", "unknown_field"),
  ),
  body(19, "30,000 arrays", `{"metadata":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, NOT_JSON),
  ...["fees", "status", "merchant_id", "fee", "epoch", "id", "version"].map((name) =>
    body(20, name, withFields({ [name]: "x" }), invalid(`/${name}`, "unknown_field")),
  ),
  one(21, "Accept: text/html", { headers: [["Accept", "text/html"]] }, MEDIA_TYPE),
  get(21, "Accept: */*;q=0", { path: "/nope", headers: [["Accept", "*/*;q=0"]] }, NOT_FOUND),
  one(
    22,
    "two Authorization headers",
    { headers: [JSON_HEADER, ["Authorization", "Bearer x"]] },
    refused(400, "invalid_request"),
  ),
  one(22, "two keys", { headers: [JSON_HEADER, ["X-Idempotency-Key", "another"]] }, BAD_KEY),
  one(22, "alias with another key", { headers: [JSON_HEADER, ["Idempotency-Key", "another"]] }, BAD_KEY),
  body(22, "another key in the body", withFields({ idempotency_key: "another" }), BAD_KEY),
];

const MONEY: readonly BadInputCase[] = [
  ...["0", "-1", "-0"].map((text) => body(23, text, withAmount(text), OUT_OF_RANGE)),
  ...["1.5", "1e-3"].map((text) => body(24, text, withAmount(text), NOT_INTEGER)),
  ...['"100"', "true", "null", "[]", "{}"].map((text) =>
    body(25, text, withAmount(text), invalid("/amount", "invalid_type")),
  ),
  ...["1e2", "1.0"].map((text) => body(26, text, withAmount(text), NOT_INTEGER)),
  ...["9007199254740993", "12345678901234567890"].map((text) => body(27, text, withAmount(text), OUT_OF_RANGE)),
  body(28, "1e400", withAmount("1e400"), OUT_OF_RANGE),
  body(29, "over the limit of EUR", withAmount("100000000"), OUT_OF_RANGE),
  ...["usd", "US", "ABC", "XXX", "BTC", ""].map((currency) =>
    body(30, `currency "${currency}"`, withFields({ currency }), invalid("/currency", "invalid_currency")),
  ),
  body(30, "currency 978", withFields({ currency: 978 }), invalid("/currency", "invalid_type")),
  accepted(31, "JPY", withFields({ currency: "JPY", amount: 500 })),
  accepted(31, "KWD", withFields({ currency: "KWD", amount: 1230 })),
];

const TEXT: readonly BadInputCase[] = [
  ...["card_number", "cardNumber", "pan", "number", "cvv", "cvc", "security_code"].map((name) =>
    body(33, name, withFields({ [name]: "x" }), cardAt(`/${name}`)),
  ),
  body(33, "card.number", withFields({ card: { number: "x" } }), cardAt("/card/number")),
  body(33, "cvv in metadata", withFields({ metadata: { cvv: "123" } }), cardAt("/metadata/cvv")),
  body(34, "description", withFields({ description: `card ${PAN}` }), cardAt("/description")),
  body(34, "metadata", withFields({ metadata: { note: PAN } }), cardAt("/metadata/note")),
  body(34, "metadata key", withFields({ metadata: { [PAN]: "x" } }), cardAt("/metadata")),
  body(34, "merchant_reference", withFields({ merchant_reference: PAN }), cardAt("/merchant_reference")),
  body(34, "payment_method", withFields({ payment_method: PAN }), cardAt("/payment_method")),
  body(34, "customer name", withFields({ customer: { name: PAN } }), cardAt("/customer/name")),
  body(34, "a number, not a text", withFields({ description: Number(PAN) }), cardAt("/description")),
  body(34, "unknown field", withFields({ note: PAN }), cardAt("/note")),
  one(34, "idempotency key", { key: `pay-${PAN}` }, CARD),
  get(34, "URL", { path: `/v1/payments/${PAN}` }, CARD),
  get(34, "query", { path: `/v1/payments/x?card=4111%201111+1111-1111` }, CARD),
  one(34, "User-Agent", { headers: [JSON_HEADER, ["User-Agent", `shop/1 ${PAN}`]] }, CARD),
  ...[
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111\u00a01111\u20131111 - 1111",
    "3782 822463 10005",
    "４１１１１１１１１１１１１１１１",
  ].map((text) => body(35, text, withFields({ description: text }), cardAt("/description"))),
  body(35, "escaped", withFields({}).replace("}", ',"description":"\\u0034111111111111111"}'), cardAt("/description")),
  accepted(36, "16 digits that fail Luhn", withFields({ merchant_reference: "4111111111111112" })),
  body(37, "empty", withFields({ payment_method: "" }), invalid("/payment_method", "too_short")),
  body(37, "10 kB", withFields({ payment_method: "x".repeat(10_000) }), invalid("/payment_method", "too_long")),
  body(
    37,
    "illegal characters",
    withFields({ payment_method: "tok visa'" }),
    invalid("/payment_method", "invalid_text"),
  ),
  body(38, "NUL", withFields({ description: "a\u0000b" }), invalid("/description", "invalid_text")),
  body(38, "line break", withFields({ merchant_reference: "a\r\nb" }), invalid("/merchant_reference", "invalid_text")),
  body(
    38,
    "escape sequence",
    withFields({ customer: { name: "\u001b[31m" } }),
    invalid("/customer/name", "invalid_text"),
  ),
  body(38, "10,000 characters", withFields({ description: "x".repeat(10_000) }), invalid("/description", "too_long")),
  ...[
    "😀 naïve שלום e\u0301",
    "'; DROP TABLE payment; --",
    "${7*7}",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
  ].map((text) => accepted(39, text, withFields({ description: text, metadata: { text } }))),
  body(
    40,
    "51 keys",
    withFields({ metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"])) }),
    invalid("/metadata", "too_many"),
  ),
  body(
    40,
    "key of 41",
    withFields({ metadata: { ["k".repeat(41)]: "v" } }),
    invalid(`/metadata/${"k".repeat(41)}`, "invalid_key"),
  ),
  body(40, "brackets in a key", withFields({ metadata: { "a[b]": "v" } }), invalid("/metadata/a[b]", "invalid_key")),
  body(40, "value of 501", withFields({ metadata: { a: "v".repeat(501) } }), invalid("/metadata/a", "too_long")),
  body(40, "nested", withFields({ metadata: { a: { b: "c" } } }), invalid("/metadata/a", "invalid_type")),
  body(40, "array", withFields({ metadata: ["a"] }), invalid("/metadata", "invalid_type")),
];

const KEYS: readonly BadInputCase[] = [
  one(42, "missing", keyed(null), refused(400, "idempotency_key_missing")),
  one(43, "empty", keyed(""), BAD_KEY),
  one(43, "256 characters", keyed("k".repeat(256)), BAD_KEY),
  one(43, "space inside", keyed("a b"), BAD_KEY),
  one(43, "non-ASCII", keyed("schl\u00fcssel"), BAD_KEY),
  {
    row: 44,
    name: "same key, other body",
    reachesShard: true,
    charges: 1,
    steps: [step({}, CREATED), step({ body: withFields({ amount: 1300 }) }, refused(422, "idempotency_key_reuse"))],
  },
  {
    row: 45,
    name: "same key, other order, spaces and escapes",
    reachesShard: true,
    charges: 1,
    steps: [
      step({}, CREATED),
      step({ body: ' { "payment_method":"tok_vis\\u0061", "currency":"EUR","amount" : 1299 }' }, CREATED),
    ],
  },
  {
    row: 47,
    name: "a refused key is free",
    reachesShard: true,
    charges: 1,
    steps: [
      step({ body: "{" }, NOT_JSON),
      step({ body: withFields({ currency: "eur" }) }, invalid("/currency", "invalid_currency")),
      step({ auth: { raw: null } }, UNAUTHENTICATED),
      step({ auth: "reader" }, refused(403, "insufficient_scope")),
      step({}, CREATED),
    ],
  },
];

const ACCESS: readonly BadInputCase[] = [
  one(49, "no token", { auth: { raw: null } }, UNAUTHENTICATED),
  one(49, "Basic", { auth: { raw: "Basic Zm9vOmJhcg==" } }, UNAUTHENTICATED),
  one(49, "empty Bearer", { auth: { raw: "Bearer " } }, UNAUTHENTICATED),
  one(49, "two parts", { auth: { raw: "Bearer e30.e30" } }, BAD_TOKEN),
  one(49, "five parts", { auth: { raw: "Bearer e30.e30.e30.e30.e30" } }, BAD_TOKEN),
  one(49, "not a token", { auth: { raw: "Bearer x" } }, BAD_TOKEN),
  ...CRAFTED_TOKENS.map((crafted) => one(50, crafted, { auth: { crafted } }, BAD_TOKEN)),
  one(51, "missing scope", { auth: "reader" }, refused(403, "insufficient_scope")),
  one(51, "suspended merchant", { auth: "suspended" }, refused(403, "merchant_suspended")),
  get(52, "an id that is nobody's", { path: "/v1/payments/pay_01h455vb4pex5vsknk084sn02q" }, NOT_FOUND, AT_SHARD),
  ...[
    "pay_",
    "nope",
    "pay_01h455vb4pex5vsknk084sn02",
    "PAY_01H455VB4PEX5VSKNK084SN02Q",
    "pay_01H455VB4PEX5VSKNK084SN02Q",
    "ref_01h455vb4pex5vsknk084sn02q",
    "pay_'or'1'='1",
    "pay_81h455vb4pex5vsknk084sn02q",
  ].map((id) => get(53, id, { path: `/v1/payments/${id}` }, NOT_FOUND)),
];

/** Every case, by row. */
export const BAD_INPUT: readonly BadInputCase[] = [
  ...PATHS,
  ...FORMAT,
  ...MONEY,
  ...TEXT,
  ...KEYS,
  ...ACCESS,
  ...BAD_COMMANDS,
  ...BAD_READS,
  ...BAD_ENDPOINTS,
];
