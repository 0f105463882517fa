/** Bad reads: pages, filters, cursors, ids and keys in paths. */
import {
  AT_SHARD,
  type BadInputCase,
  CARD,
  type Expected,
  get,
  NOT_ALLOWED,
  NOT_FOUND,
  one,
  PAN,
  refused,
  UNAUTHENTICATED,
} from "./bad-input-case.ts";

const NOBODYS = "01h455vb4pex5vsknk084sn02q";
const wrong = (pointer: string, reason: string): Expected => ({
  status: 400,
  code: "invalid_parameter",
  pointer,
  reason,
});

/** Lists, of all and of one payment. */
const LISTS = [
  "/v1/payments",
  "/v1/events",
  `/v1/payments/pay_${NOBODYS}/refunds`,
  `/v1/payments/pay_${NOBODYS}/events`,
  `/v1/webhook_endpoints/whe_${NOBODYS}/deliveries`,
];
/** Every path that is read with a token. */
const READS = [
  ...LISTS,
  `/v1/payments/pay_${NOBODYS}`,
  `/v1/refunds/ref_${NOBODYS}`,
  "/v1/balances",
  "/v1/idempotency/nobody-used-it",
  "/v1/webhook_endpoints",
  `/v1/webhook_endpoints/whe_${NOBODYS}`,
];

const PAGES = LISTS.flatMap((path): readonly BadInputCase[] => {
  const bad = (query: string, pointer: string, reason: string) =>
    get(
      58,
      `${path.replace(NOBODYS, "…")}?${query.slice(0, 40)}`,
      { path: `${path}?${query}` },
      wrong(pointer, reason),
    );
  return [
    bad("limit=0", "limit", "out_of_range"),
    bad("limit=-1", "limit", "out_of_range"),
    bad("limit=101", "limit", "out_of_range"),
    bad("limit=1e3", "limit", "not_integer"),
    bad("limit=abc", "limit", "not_integer"),
    bad("limit=", "limit", "not_integer"),
    bad("limit=10&limit=10", "limit", "duplicate_parameter"),
    bad("limit=%zz", "limit", "invalid_encoding"),
    bad("starting_after=", "starting_after", "invalid_cursor"),
    bad("starting_after=forged", "starting_after", "invalid_cursor"),
    bad(`starting_after=pay_${NOBODYS}`, "starting_after", "invalid_cursor"),
    bad(`starting_after=${"A".repeat(54)}`, "starting_after", "invalid_cursor"),
    bad(`starting_after=${"A".repeat(43)}`, "starting_after", "invalid_cursor"),
    bad("offset=10", "offset", "unknown_parameter"),
    bad("merchant_id=mer_x", "merchant_id", "unknown_parameter"),
  ];
});

const filter = (query: string, pointer: string, reason: string) =>
  get(58, query.slice(0, 50), { path: `/v1/payments?${query}` }, wrong(pointer, reason));
const FILTERS: readonly BadInputCase[] = [
  filter("created[gte]=1795376213&created[lt]=1795376212", "created[lt]", "inverted_range"),
  filter("created[gte]=2026-11-22T19:36:53Z&created[lt]=2026-11-21T19:36:53Z", "created[lt]", "inverted_range"),
  filter("created[gte]=yesterday", "created[gte]", "invalid_time"),
  filter("created[lt]=2026-02-30T00:00:00Z", "created[lt]", "invalid_time"),
  filter("created[gt]=1795376213", "created[gt]", "unknown_parameter"),
  filter("status=paid", "status", "invalid_value"),
  filter("status=captured&status=failed", "status", "duplicate_parameter"),
  filter("merchant_reference=a%00b", "merchant_reference", "invalid_text"),
  filter(`merchant_reference=${"x".repeat(81)}`, "merchant_reference", "invalid_text"),
  filter("merchant_reference=%ff", "merchant_reference", "invalid_encoding"),
  get(34, "merchant_reference", { path: `/v1/payments?merchant_reference=${PAN}` }, CARD),
  get(34, "merchant_reference, escaped", { path: `/v1/payments?merchant_reference=%34${PAN.slice(1)}` }, CARD),
  get(34, "name of a parameter, beside a broken escape", { path: `/v1/payments?%34${PAN.slice(1)}=1&a=%zz` }, CARD),
  get(34, "key in the path, escaped", { path: `/v1/idempotency/k-%34${PAN.slice(1)}` }, CARD),
  get(
    36,
    "16 digits that fail Luhn",
    { path: "/v1/payments?merchant_reference=4111111111111112" },
    { status: 200, code: null },
    AT_SHARD,
  ),
  get(
    39,
    "quotes",
    { path: "/v1/payments?merchant_reference=%27%3B+DROP+TABLE+payment%3B+--" },
    { status: 200, code: null },
    AT_SHARD,
  ),
];

const KEYS: readonly BadInputCase[] = [
  get(43, "a broken escape", { path: "/v1/idempotency/%zz" }, wrong("key", "invalid_key")),
  get(43, "half an escape", { path: "/v1/idempotency/a%4" }, wrong("key", "invalid_key")),
  get(43, "a space", { path: "/v1/idempotency/a%20b" }, wrong("key", "invalid_key")),
  get(43, "NUL", { path: "/v1/idempotency/a%00" }, wrong("key", "invalid_key")),
  get(43, "non-ASCII", { path: "/v1/idempotency/schl%C3%BCssel" }, wrong("key", "invalid_key")),
  get(43, "256 characters in the path", { path: `/v1/idempotency/${"k".repeat(256)}` }, wrong("key", "invalid_key")),
  get(52, "a key that nobody used", { path: "/v1/idempotency/nobody%2Fused%2F..%2Fit" }, NOT_FOUND, AT_SHARD),
  get(10, "a key over several segments", { path: "/v1/idempotency/a/b" }, NOT_FOUND),
];

const ACCESS = READS.flatMap((path): readonly BadInputCase[] => {
  const shown = path.replace(NOBODYS, "…");
  return [
    one(11, `PATCH ${shown}`, { method: "PATCH", path, body: null }, NOT_ALLOWED),
    get(49, shown, { path, auth: { raw: null } }, UNAUTHENTICATED),
    get(51, `${shown} of a suspended merchant`, { path, auth: "suspended" }, refused(403, "merchant_suspended")),
    get(58, `${shown}?expand=x`, { path: `${path}?expand=x` }, wrong("expand", "unknown_parameter")),
  ];
});

/** Paths of one object, and what is no id of such an object. */
const IDS = (["refunds", "events", ""] as const).flatMap((below) =>
  ["pay_", "nope", "PAY_01H455VB4PEX5VSKNK084SN02Q", `ref_${NOBODYS}`, "pay_'or'1'='1"].map((id) =>
    get(53, `${below} of ${id}`, { path: `/v1/payments/${id}${below === "" ? "" : `/${below}`}` }, NOT_FOUND),
  ),
);
const OBJECTS: readonly BadInputCase[] = [
  ...IDS,
  ...["ref_", "nope", `pay_${NOBODYS}`, `op_${NOBODYS}`, `ref_${NOBODYS.toUpperCase()}`].map((id) =>
    get(53, `refund ${id}`, { path: `/v1/refunds/${id}` }, NOT_FOUND),
  ),
  get(52, "refunds of nobody's payment", { path: `/v1/payments/pay_${NOBODYS}/refunds` }, NOT_FOUND, AT_SHARD),
  get(52, "events of nobody's payment", { path: `/v1/payments/pay_${NOBODYS}/events` }, NOT_FOUND, AT_SHARD),
  get(52, "nobody's refund", { path: `/v1/refunds/ref_${NOBODYS}` }, NOT_FOUND, AT_SHARD),
  get(51, "balances without the scope", { path: "/v1/balances", auth: "reader" }, refused(403, "insufficient_scope")),
  get(51, "events without the scope", { path: "/v1/events", auth: "reader" }, refused(403, "insufficient_scope")),
  get(11, "refunds without a payment", { path: "/v1/refunds" }, NOT_FOUND),
  get(60, "another version of refunds", { path: `/v2/refunds/ref_${NOBODYS}` }, NOT_FOUND),
];

export const BAD_READS: readonly BadInputCase[] = [...PAGES, ...FILTERS, ...KEYS, ...ACCESS, ...OBJECTS];
