/**
 * The rows of gateways.md §3.1 and §3.2 that the adapters decide, by their names: what each answer is observed to be, on a
 * first try and on one behind which an earlier try is open. What follows of it is the resolver's affair.
 */
import { expect } from "chai";
import type { GatewayCall } from "../ports/gateway.ts";
import { type HttpAnswer, TransportError } from "./http-transport.ts";
import {
  adyen,
  adyenError,
  authorised,
  call,
  html,
  intent,
  json,
  listOf,
  replayed,
  stripe,
  stripeError,
  StubTransport,
  summary,
} from "./sdk-rig.ts";

type Row = readonly [
  row: string,
  answers: readonly (HttpAnswer | Error)[],
  first: string,
  behindAnOpenTry: string,
  more?: Partial<GatewayCall>,
];
const lost = new TransportError("connection_lost", true);
const refused = new TransportError("connection_failed", false);
const same = (row: string, answer: HttpAnswer | Error, seen: string, more: Partial<GatewayCall> = {}): Row => [
  row,
  [answer],
  seen,
  seen,
  more,
];

const STRIPE: readonly Row[] = [
  same("connection refused before any byte was sent", refused, "notSubmitted connection_failed"),
  same("reset after send", lost, "unknown connection_lost"),
  same("time-out after send", new TransportError("timeout", true), "unknown timeout"),
  ...[502, 503, 504].map((status) => same(`${status} from the edge`, html(status), `unknown unreadable_${status}`)),
  same("200 with a listed status", json(200, intent("requires_capture")), "authorized pi_1"),
  same(
    "402 card_error",
    stripeError(402, { type: "card_error", decline_code: "expired_card" }),
    "declined expired_card",
  ),
  same("200 but not JSON", html(200), "unknown unreadable_200"),
  same("200 cut", json(200, '{"id":"pi_'), "unknown unreadable_200"),
  same("200 empty", json(200, ""), "unknown unreadable_200"),
  same("200 without id", json(200, intent("requires_capture", { id: undefined })), "unknown unreadable_answer"),
  same("200 without status", json(200, intent("x", { status: null })), "unknown unreadable_answer"),
  same("400 idempotency_error", stripeError(400, { type: "idempotency_error" }), "conflicted idempotency_error"),
  ...["payment_intent_unexpected_state", "charge_already_captured", "charge_already_refunded"].flatMap((code) =>
    (["sale", "capture", "refund"] as const).map((kind) =>
      same(`400 ${code} of a ${kind}`, stripeError(400, { code }), "unknown already_changed", { kind }),
    ),
  ),
  [
    "other 400",
    [stripeError(400, { code: "parameter_missing" })],
    "declined invalid_gateway_request",
    "unknown refused_later_try",
  ],
  [
    "404",
    [stripeError(404, { code: "resource_missing" })],
    "declined invalid_gateway_request",
    "unknown refused_later_try",
  ],
  same("401", stripeError(401, { type: "invalid_request_error" }), "notSubmitted credentials"),
  same("403", stripeError(403, { type: "invalid_request_error" }), "notSubmitted credentials"),
  same("409 idempotency_key_in_use", stripeError(409, { code: "idempotency_key_in_use" }), "busy key_in_use"),
  same("429", stripeError(429, { code: "rate_limit" }), "busy rate_limited"),
  same("429 lock_timeout", stripeError(429, { code: "lock_timeout" }), "busy rate_limited"),
  same("500", stripeError(500, { type: "api_error" }), "unknown http_500"),
  same("GET shows requires_confirmation", json(200, intent("requires_confirmation")), "undecided pi_1", {
    action: "query",
  }),
  [
    "replay gives the stored 500, GET shows requires_confirmation",
    [stripeError(500, { type: "api_error" }, replayed), json(200, intent("requires_confirmation"))],
    "notExecuted processing_error",
    "notExecuted processing_error",
  ],
  same("the list of refunds does not show ours", json(200, listOf([])), "undecided null", {
    action: "query",
    kind: "refund",
  }),
];

const later = { kind: "capture", gatewayReference: "PSP1" } as const;
const ADYEN: readonly Row[] = [
  same("connection refused before any byte was sent", refused, "notSubmitted connection_failed"),
  same("reset after send", lost, "unknown connection_lost"),
  same("unreadable 200", html(200), "unknown unreadable_200"),
  same("422 with 704", adyenError(422, "704"), "busy key_in_use"),
  same("409 with 704", adyenError(409, "704"), "busy key_in_use"),
  same("transient-error", adyenError(500, "905", { "transient-error": "true" }), "busy transient_error"),
  same("503 with 703", adyenError(503, "703"), "unknown key_store_down"),
  same(
    "503 with 703, said to be transient",
    adyenError(503, "703", { "transient-error": "true" }),
    "unknown key_store_down",
  ),
  same("other 5xx", adyenError(500, "905"), "unknown http_500"),
  same("429", adyenError(429, "029"), "busy rate_limited"),
  ["400", [adyenError(400, "702")], "declined invalid_gateway_request", "unknown refused_later_try"],
  ["403", [adyenError(403, "901")], "declined invalid_gateway_request", "unknown refused_later_try"],
  ["other 422", [adyenError(422, "130")], "declined invalid_payment_method", "unknown refused_later_try"],
  same("401", adyenError(401, "000"), "notSubmitted credentials"),
  same("a modification is received", json(201, { status: "received", pspReference: "M1" }), "processing M1", later),
  same("the technical cancel is received", json(201, { status: "received", pspReference: "M1" }), "processing null", {
    action: "abandon",
  }),
  same("the technical cancel is refused", adyenError(422, "167"), "unknown cancel_refused", { action: "abandon" }),
  same("Authorised on a replay", json(200, authorised), "authorized PSP1"),
];

for (const [name, gateway, rows] of [
  ["stripe", stripe, STRIPE],
  ["adyen", adyen, ADYEN],
] as const)
  describe(`adapter's rows of doubt: ${name}`, () => {
    for (const [row, answers, first, behind, more] of rows)
      for (const [earlierTryOpen, seen] of [
        [false, first],
        [true, behind],
      ] as const)
        it(`${row}${earlierTryOpen ? ", an earlier try is open" : ""} -> ${seen}`, async () => {
          const transport = new StubTransport(...answers);
          const gatewayReference = name === "stripe" ? "pi_1" : null;
          const asked = call({ gateway: name, gatewayReference, try: earlierTryOpen ? 2 : 1, earlierTryOpen, ...more });
          expect(summary(await gateway(transport).run(asked))).to.equal(seen);
          for (const { path } of transport.sent)
            expect(path, "lists are read, searches never").not.to.include("search");
        });
  });

describe("adapter's rows of doubt: keys", () => {
  it("Adyen: every try of an operation goes to one endpoint, with one key and the same bytes", async () => {
    const transport = new StubTransport(adyenError(503, "703"), lost, adyenError(422, "704"), json(200, authorised));
    const gateway = adyen(transport);
    for (const number of [1, 2, 3, 4])
      await gateway.run(call({ gateway: "adyen", gatewayReference: null, try: number, earlierTryOpen: number > 1 }));
    const sent = transport.sent.map(({ path, headers, body }) => [path, headers["Idempotency-Key"], body]);
    expect(sent).to.have.length(4);
    for (const one of sent) expect(one).to.deep.equal(sent[0]);
    expect(sent[0]?.[1]).to.equal(call().gatewayKey);
  });
});
