/** Bad captures, cancels and refunds: the rows of the catalogue for requests about a payment that exists, or does not. */
import { Buffer } from "node:buffer";
import {
  AT_SHARD,
  BAD_KEY,
  type BadInputCase,
  type BadInputStep,
  type BadRequest,
  CARD,
  cardAt,
  CREATED,
  type Expected,
  GET,
  invalid,
  JSON_HEADER,
  MEDIA_TYPE,
  NOT_ALLOWED,
  NOT_FOUND,
  NOT_INTEGER,
  NOT_JSON,
  one,
  OUT_OF_RANGE,
  PAN,
  POST,
  refused,
  step,
  UNAUTHENTICATED,
  withFields,
} from "./bad-input-case.ts";

/** Nobody's. Bodies are judged before it is looked for, so they can be tried at it. */
const NOBODYS = "pay_01h455vb4pex5vsknk084sn02q";
const COMMANDS = ["capture", "cancel", "refunds"] as const;
type CommandPath = (typeof COMMANDS)[number];

const at = (command: CommandPath, id = NOBODYS): Partial<BadRequest> => ({ path: `/v1/payments/${id}/${command}` });
/** A body that the schema of the command refuses or takes, at nobody's payment. */
const body = (row: number, command: CommandPath, name: string, text: string | Uint8Array, expect: Expected) =>
  one(row, `${command}: ${name}`, { ...at(command), body: text }, expect, AT_SHARD);

const COMMON = COMMANDS.flatMap((command): readonly BadInputCase[] => {
  const path = at(command);
  const bad = (row: number, name: string, request: Partial<BadRequest>, expect: Expected, more = {}) =>
    one(row, `${command}: ${name}`, { ...path, body: "{}", ...request }, expect, more);
  return [
    bad(11, "PUT", { method: "PUT" }, NOT_ALLOWED),
    bad(11, "trailing slash", { path: `/v1/payments/${NOBODYS}/${command}/` }, NOT_FOUND),
    bad(13, "text/plain", { headers: [["Content-Type", "text/plain"]] }, MEDIA_TYPE),
    bad(13, "gzip", { headers: [JSON_HEADER, ["Content-Encoding", "gzip"]] }, MEDIA_TYPE),
    bad(13, "no content type with a body", { headers: [] }, MEDIA_TYPE),
    bad(13, "no body needs no content type", { headers: [], body: null }, NOT_FOUND, AT_SHARD),
    bad(14, "too large", { body: " ".repeat(65_537) }, refused(413, "body_too_large")),
    bad(14, "chunked too large", { body: " ".repeat(65_537), chunked: true }, refused(413, "body_too_large")),
    body(15, command, "cut", '{"amount":1', NOT_JSON),
    body(15, command, "white space", " ", NOT_JSON),
    body(15, command, "byte order mark", "\ufeff{}", NOT_JSON),
    body(15, command, "invalid UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), NOT_JSON),
    body(16, command, "array", "[]", NOT_JSON),
    body(16, command, "null", "null", NOT_JSON),
    body(17, command, "key twice", '{"idempotency_key":"a","idempotency_key":"a"}', {
      ...refused(400, "duplicate_field"),
      pointer: "/idempotency_key",
      reason: "duplicate_field",
    }),
    body(18, command, "__proto__", '{"__proto__":{"x":1}}', invalid("/__proto__", "unknown_field")),
    body(19, command, "30,000 arrays", `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`, NOT_JSON),
    ...["status", "merchant_id", "payment_id", "currency", "gateway_reference", "fee", "epoch", "metadata"].map(
      (name) => body(20, command, name, `{"${name}":"x"}`, invalid(`/${name}`, "unknown_field")),
    ),
    body(22, command, "another key in the body", '{"idempotency_key":"another"}', BAD_KEY),
    body(33, command, "cvv", '{"cvv":"123"}', cardAt("/cvv")),
    body(34, command, "unknown field", `{"note":"${PAN}"}`, cardAt("/note")),
    bad(34, "idempotency key", { key: `k-${PAN}` }, CARD),
    bad(34, "URL", { path: `/v1/payments/${PAN}/${command}` }, CARD),
    bad(42, "key missing", { key: null }, refused(400, "idempotency_key_missing")),
    bad(43, "key with a space", { key: "a b" }, BAD_KEY),
    bad(43, "256 characters", { key: "k".repeat(256) }, BAD_KEY),
    bad(49, "no token", { auth: { raw: null } }, UNAUTHENTICATED),
    bad(51, "missing scope", { auth: "reader" }, refused(403, "insufficient_scope")),
    bad(51, "suspended merchant", { auth: "suspended" }, refused(403, "merchant_suspended")),
    bad(52, "a payment that is nobody's", {}, NOT_FOUND, AT_SHARD),
    ...["pay_", "nope", NOBODYS.toUpperCase(), "ref_01h455vb4pex5vsknk084sn02q", "pay_'or'1'='1"].map((id) =>
      bad(53, id, at(command, id), NOT_FOUND),
    ),
    bad(58, "a parameter", { path: `${path.path}?amount=1` }, parameterIs("amount", "unknown_parameter")),
    bad(60, "another version", { path: `/v2/payments/${NOBODYS}/${command}` }, NOT_FOUND),
  ];
});

function parameterIs(pointer: string, reason: string): Expected {
  return { status: 400, code: "invalid_parameter", pointer, reason };
}

const AMOUNTS = (["capture", "refunds"] as const).flatMap((command): readonly BadInputCase[] => [
  ...["0", "-1", "-0"].map((text) => body(23, command, text, `{"amount":${text}}`, OUT_OF_RANGE)),
  ...["1.5", "1e-3"].map((text) => body(24, command, text, `{"amount":${text}}`, NOT_INTEGER)),
  ...['"100"', "true", "null", "[]", "{}"].map((text) =>
    body(25, command, text, `{"amount":${text}}`, invalid("/amount", "invalid_type")),
  ),
  ...["1e2", "1.0"].map((text) => body(26, command, text, `{"amount":${text}}`, NOT_INTEGER)),
  ...["9007199254740993", "12345678901234567890"].map((text) =>
    body(27, command, text, `{"amount":${text}}`, OUT_OF_RANGE),
  ),
  body(28, command, "1e400", '{"amount":1e400}', OUT_OF_RANGE),
  body(17, command, "amount twice, once escaped", '{"amount":1,"am\\u006funt":2}', refused(400, "duplicate_field")),
]);

const WORDS: readonly BadInputCase[] = [
  body(20, "cancel", "an amount", '{"amount":1}', invalid("/amount", "unknown_field")),
  body(20, "capture", "a reason", '{"reason":"x"}', invalid("/reason", "unknown_field")),
  body(25, "refunds", "reason 7", '{"reason":7}', invalid("/reason", "invalid_type")),
  body(34, "refunds", "reason", `{"reason":"${PAN}"}`, cardAt("/reason")),
  body(35, "refunds", "full-width digits", '{"reason":"４１１１１１１１１１１１１１１１"}', cardAt("/reason")),
  body(35, "refunds", "escaped", '{"reason":"\\u0034111111111111111"}', cardAt("/reason")),
  body(38, "refunds", "NUL", '{"reason":"a\\u0000b"}', invalid("/reason", "invalid_text")),
  body(38, "refunds", "501 characters", `{"reason":"${"x".repeat(501)}"}`, invalid("/reason", "too_long")),
  body(39, "refunds", "any script", '{"reason":"😀 שלום <script>"}', NOT_FOUND),
];

const SALE: BadInputStep = step({ body: withFields({ gateway: "stripe" }) }, CREATED);
const AUTHORIZATION: BadInputStep = step(
  { body: withFields({ gateway: "stripe", capture_method: "manual" }) },
  CREATED,
);
const DECLINED: BadInputStep = step(
  { body: withFields({ gateway: "stripe", payment_method: "tok_decline_insufficient_funds" }) },
  refused(402, "payment_declined"),
);
const then = (command: CommandPath, serial: number, fields: object | null, expect: Expected): BadInputStep => ({
  request: {
    ...POST,
    ...at(command, "{payment}"),
    key: `new:${serial}`,
    body: fields === null ? null : JSON.stringify(fields),
  },
  expect,
});
const rule = (row: number, name: string, charges: number, ...steps: readonly BadInputStep[]): BadInputCase => ({
  row,
  name,
  reachesShard: true,
  charges,
  steps,
});
const DONE: Expected = { status: 200, code: null };
const WRONG_STATUS = refused(409, "invalid_transition");
const REUSED = refused(422, "idempotency_key_reuse");
const OVER_CAPTURABLE = refused(422, "amount_exceeds_capturable");
const OVER_REFUNDABLE = refused(422, "amount_exceeds_refundable");

const RULES: readonly BadInputCase[] = [
  rule(54, "capture over the authorized", 1, AUTHORIZATION, then("capture", 2, { amount: 1300 }, OVER_CAPTURABLE)),
  rule(54, "capture twice", 2, AUTHORIZATION, then("capture", 2, {}, DONE), then("capture", 3, {}, WRONG_STATUS)),
  rule(54, "capture of a sale", 1, SALE, then("capture", 2, {}, WRONG_STATUS)),
  rule(54, "capture of what failed", 0, DECLINED, then("capture", 2, {}, WRONG_STATUS)),
  rule(55, "refund over the captured", 1, SALE, then("refunds", 2, { amount: 1300 }, OVER_REFUNDABLE)),
  rule(
    55,
    "refund when nothing is left",
    2,
    SALE,
    then("refunds", 2, {}, CREATED),
    then("refunds", 3, {}, OVER_REFUNDABLE),
  ),
  rule(
    55,
    "refund over the rest",
    2,
    SALE,
    then("refunds", 2, { amount: 1000 }, CREATED),
    then("refunds", 3, { amount: 300 }, OVER_REFUNDABLE),
  ),
  rule(
    55,
    "refund over what a partial capture took",
    2,
    AUTHORIZATION,
    then("capture", 2, { amount: 500 }, DONE),
    then("refunds", 3, { amount: 501 }, OVER_REFUNDABLE),
  ),
  rule(55, "refund of an authorization", 1, AUTHORIZATION, then("refunds", 2, {}, WRONG_STATUS)),
  rule(55, "refund of what failed", 0, DECLINED, then("refunds", 2, {}, WRONG_STATUS)),
  rule(56, "cancel after the capture", 1, SALE, then("cancel", 2, {}, WRONG_STATUS)),
  rule(56, "cancel of what failed", 0, DECLINED, then("cancel", 2, {}, WRONG_STATUS)),
  rule(
    56,
    "capture after the cancel",
    2,
    AUTHORIZATION,
    then("cancel", 2, {}, DONE),
    then("capture", 3, {}, WRONG_STATUS),
  ),
  rule(56, "cancel twice", 2, AUTHORIZATION, then("cancel", 2, {}, DONE), then("cancel", 3, {}, WRONG_STATUS)),
  rule(44, "the key of a payment for its capture", 1, AUTHORIZATION, {
    request: { ...POST, ...at("capture", "{payment}"), body: "{}" },
    expect: REUSED,
  }),
  rule(
    44,
    "the key of a capture for a cancel",
    2,
    AUTHORIZATION,
    then("capture", 2, {}, DONE),
    then("cancel", 2, {}, REUSED),
  ),
  rule(
    44,
    "the key of a refund with another amount",
    2,
    SALE,
    then("refunds", 2, { amount: 1 }, CREATED),
    then("refunds", 2, { amount: 2 }, REUSED),
  ),
  rule(
    45,
    "a capture again, without a body",
    2,
    AUTHORIZATION,
    then("capture", 2, {}, DONE),
    then("capture", 2, null, DONE),
  ),
  rule(45, "a refund again, in another order", 2, SALE, then("refunds", 2, { amount: 7, reason: "é" }, CREATED), {
    request: { ...POST, ...at("refunds", "{payment}"), key: "new:2", body: '{ "reason":"\\u00e9", "amount" : 7}' },
    expect: CREATED,
  }),
  rule(
    47,
    "a refused capture's key is free",
    2,
    AUTHORIZATION,
    then("capture", 2, { amount: 0 }, OUT_OF_RANGE),
    then("capture", 2, { amount: 1300 }, OVER_CAPTURABLE),
    then("capture", 2, { amount: 1299 }, DONE),
  ),
  rule(52, "a payment is no refund", 1, SALE, {
    request: { ...GET, path: "/v1/refunds/{payment}" },
    expect: NOT_FOUND,
  }),
];

export const BAD_COMMANDS: readonly BadInputCase[] = [...COMMON, ...AMOUNTS, ...WORDS, ...RULES];
