/** Amounts as both adapters send and read them, by currency. */
import { expect } from "chai";
import type { Gateway, GatewayCall } from "../ports/gateway.ts";
import { adyen, call, captured, html, json, refund, stripe, StubTransport, summary } from "./sdk-rig.ts";

describe("amounts that a gateway cannot say", () => {
  for (const kind of ["authorize", "sale", "capture", "refund"] as const) {
    const unspeakable: ReadonlyArray<readonly [string, Gateway["run"], Partial<GatewayCall>]> = [
      ["stripe", (c) => stripe(nothing).run(c), { currency: "KWD", amountMinor: 5123n }],
      ["adyen", (c) => adyen(nothing).run(c), { currency: "IDR", amountMinor: 501n }],
    ];
    for (const [name, run, more] of unspeakable)
      it(`${name}: a ${kind} of ${more.amountMinor} ${more.currency} is refused before anything is sent`, async () => {
        nothing.sent.length = 0;
        const observed = await run(call({ kind, ...more }));
        expect(observed).to.deep.include({ kind: "declined", reference: null });
        expect(summary(observed)).to.equal("declined invalid_amount");
        expect(nothing.sent).to.have.length(0);
      });
  }
  const nothing = new StubTransport(html(500));

  it("in Stripe's create as well", async () => {
    const odd = call({ action: "prepare", gatewayReference: null, currency: "KWD", amountMinor: 5123n });
    expect(summary(await stripe(nothing).run(odd))).to.equal("declined invalid_amount");
  });

  const sayable: ReadonlyArray<readonly [currency: string, amountMinor: bigint, stripe: number, adyen: number]> = [
    ["JPY", 500n, 500, 500],
    ["KWD", 5120n, 5120, 5120],
    ["ISK", 5n, 500, 500],
    ["UGX", 5n, 500, 5],
    ["CLP", 5n, 5, 500],
    ["IDR", 500n, 500, 5],
  ];
  for (const [currency, amountMinor, atStripe, atAdyen] of sayable)
    it(`${currency} ${amountMinor}: captured and refunded as ${atStripe} at Stripe, ${atAdyen} at Adyen`, async () => {
      const one = { currency, amountMinor };
      const lower = currency.toLowerCase();
      const took = new StubTransport(json(200, { ...captured(atStripe), currency: lower }));
      expect((await stripe(took).run(call({ ...one, kind: "capture" }))).kind).to.equal("captured");
      expect(took.sent[0]?.body).to.contain(`amount_to_capture=${atStripe}&`);
      const gave = new StubTransport(json(200, refund("succeeded", { amount: atStripe, currency: lower })));
      expect((await stripe(gave).run(call({ ...one, kind: "refund" }))).kind).to.equal("refunded");
      expect(gave.sent[0]?.body).to.contain(`&amount=${atStripe}&`);
      for (const kind of ["capture", "refund"] as const) {
        const amount = { value: atAdyen, currency };
        const got = new StubTransport(json(201, { status: "received", pspReference: "M1", amount }));
        const later = call({ ...one, kind, gateway: "adyen", gatewayReference: "PSP1" });
        expect((await adyen(got).run(later)).kind).to.equal("processing");
        expect(JSON.parse(got.sent[0]?.body ?? "")).to.deep.include({ amount });
      }
    });
});
