import { expect } from "chai";
import { firstOperationOf, idFromBytes } from "../../actors/domain/index.ts";
import { createAdyenNoticeReader } from "../../actors/gateways/index.ts";
import type { ChargeLine } from "../sandbox/gateways/charge-log.ts";
import { SANDBOX_WEBHOOK_SECRETS } from "../sandbox/node-config.ts";
import { isCapturedLater, itemOf, paymentsFor, requestOf } from "./notice-traffic.ts";

const HMAC_KEY = SANDBOX_WEBHOOK_SECRETS.adyen;
const ADDRESS = { url: "http://127.0.0.1:8080/v1/webhooks/adyen", hmacKey: HMAC_KEY };
const PAYMENT = idFromBytes(
  "pay",
  Uint8Array.from("0123456789abcdef", (c) => c.charCodeAt(0))
    .with(6, 0x70)
    .with(8, 0x80),
);
const LINE: ChargeLine = {
  at: "2026-01-02T03:04:05.000Z",
  gateway: "adyen",
  account: "adyen_sandbox_1",
  key: "00000000-0000-4000-8000-000000000000",
  operation_id: firstOperationOf(PAYMENT),
  payment_id: PAYMENT,
  kind: "sale",
  amount: 2_500,
  currency: "EUR",
  outcome: "succeeded",
  gateway_reference: "PSP0000000000001",
};
const reader = createAdyenNoticeReader({
  hmacKeys: [HMAC_KEY],
  basicAuth: null,
  live: false,
  knowsAccount: (account) => account === LINE.account,
});

function read(kind: ChargeLine["kind"]) {
  const item = itemOf({ ...LINE, kind });
  if (item === undefined) throw new Error(`nothing is told of ${kind}`);
  const [head = "", body = ""] = requestOf(item, ADDRESS).toString("utf8").split("\r\n\r\n");
  expect(head).to.contain("POST /v1/webhooks/adyen HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n");
  expect(head).to.contain(`Content-Length: ${Buffer.byteLength(body)}`);
  const notices = reader.read(Buffer.from(body), {}, 0);
  if (typeof notices === "string") throw new Error(notices);
  return notices;
}

describe("notices of a run", () => {
  for (const [kind, claim, reference] of [
    ["sale", "authorized", null],
    ["authorize", "authorized", null],
    ["capture", "captured", "other"],
  ] as const)
    it(`tells of a ${kind} as Adyen would: signed, with our names and the amount`, () => {
      const [notice, ...more] = read(kind);
      expect(more).to.deep.equal([]);
      expect(notice).to.deep.include({
        operationId: LINE.operation_id,
        paymentReference: LINE.gateway_reference,
        amount: "2500",
        currency: "EUR",
        claim: { kind: claim },
      });
      expect(notice?.reference === null).to.equal(reference === null);
    });

  it("tells each thing under a name of its own", () =>
    expect(new Set(["sale", "capture"].map((kind) => read(kind as ChargeLine["kind"])[0]?.dedupeKey)).size).to.equal(
      2,
    ));

  it("tells nothing of the rest", () => expect(itemOf({ ...LINE, kind: "refund" })).to.equal(undefined));

  it("needs as many payments and captures as there are notices", () => {
    for (let notices = 1; notices <= 200; notices++) {
      const { payments, captures } = paymentsFor(notices);
      const later = Array.from({ length: payments }, (_, i) => isCapturedLater(i, captures)).filter(Boolean).length;
      expect([payments + captures, later], `${notices} notices`).to.deep.equal([notices, captures]);
    }
  });
});
