/** Whose an object at Stripe is: what is asked, and what each answer tells. */
import { expect } from "chai";
import { mintId } from "../domain/index.ts";
import { type HttpAnswer, TransportError } from "./http-transport.ts";
import { call, json, type Sent, stripe, stripeError, StubTransport } from "./sdk-rig.ts";

const AT_MS = 1_750_000_000_000;
const operationId = mintId("op", 7, AT_MS, new Uint8Array(8));
const paymentId = mintId("pay", 7, AT_MS, new Uint8Array(8));
const IDENTIFY = { action: "identify", gatewayReference: "pi_1", amountMinor: 0n, paymentMethod: "" } as const;
const intent = (metadata: unknown): HttpAnswer => json(200, { id: "pi_1", object: "payment_intent", metadata });
const identified = (operation: string | null, payment: string | null) => ({
  kind: "identified",
  operationId: operation,
  paymentId: payment,
});

describe("identify on the wire", () => {
  it("reads the PaymentIntent, without a key", async () => {
    const transport = new StubTransport(intent({ operation_id: operationId, payment_id: paymentId }));
    expect(await stripe(transport).run(call(IDENTIFY))).to.deep.equal(identified(operationId, paymentId));
    const [sent] = transport.sent as [Sent];
    expect(sent).to.include({ method: "GET", path: "/v1/payment_intents/pi_1", body: null });
    expect(sent.headers).to.not.have.property("Idempotency-Key");
  });

  const cases: ReadonlyArray<readonly [string, HttpAnswer | Error, object]> = [
    ["metadata of somebody else", intent({ order: "1" }), identified(null, null)],
    ["ids that are none of ours", intent({ operation_id: "op_1", payment_id: 7 }), identified(null, null)],
    ["no metadata", intent(undefined), identified(null, null)],
    [
      "an intent that the account does not have",
      stripeError(404, { code: "resource_missing" }),
      identified(null, null),
    ],
    ["500", stripeError(500, { type: "api_error" }), { kind: "unknown", reason: "http_500" }],
    ["silence", new TransportError("timeout", true), { kind: "unknown", reason: "timeout" }],
  ];
  for (const [name, answer, expected] of cases)
    it(`${name}: ${JSON.stringify(expected)}`, async () => {
      expect(await stripe(new StubTransport(answer)).run(call(IDENTIFY))).to.deep.equal(expected);
    });
});
