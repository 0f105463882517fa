/** The published rules, by vectors of their own and with the official SDKs as oracles. */
import { createRequire } from "node:module";
import { expect } from "chai";
import Stripe from "stripe";
import { adyenSignature, type AdyenItem, stripeSignature } from "./webhook-signature.ts";

const require = createRequire(import.meta.url);
const { default: HmacValidator } = require("@adyen/api-library/lib/src/utils/hmacValidator.js") as {
  readonly default: new () => { validateHMAC(item: unknown, key: string): boolean };
};
const BODY = '{"id":"evt_1","object":"event","type":"payment_intent.succeeded"}';
const SECRET = "whsec_test_secret";
const ITEM: AdyenItem = {
  amount: { currency: "EUR", value: 1130 },
  eventCode: "AUTHORISATION",
  eventDate: "2026-11-01T00:00:00+00:00",
  merchantAccountCode: "TestMerchant",
  merchantReference: "TestPayment-1407325143704",
  paymentMethod: "visa",
  pspReference: "7914073381342284",
  reason: "",
  success: "true",
};
const KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

describe("webhook signatures", () => {
  it("Stripe: the golden vector", () => {
    expect(stripeSignature(BODY, [SECRET], 1_750_000_000)).to.match(
      /^t=1750000000,v1=ea55a5656d8d7fa195faaa6bff7706bc34a1ea33fcc0953ce1dbd3e58494676b,v0=[0-9a-f]{64}$/,
    );
  });

  it("Stripe: what the official SDK makes and takes", () => {
    const seconds = Math.floor(Date.now() / 1000);
    const made = Stripe.webhooks.generateTestHeaderString({ payload: BODY, secret: SECRET, timestamp: seconds });
    expect(stripeSignature(BODY, [SECRET], seconds).split(",").slice(0, 2).join()).to.equal(made);
    const both = stripeSignature(BODY, ["whsec_new", SECRET], seconds);
    for (const secret of ["whsec_new", SECRET])
      expect(Stripe.webhooks.constructEvent(BODY, both, secret).id).to.equal("evt_1");
    expect(() => Stripe.webhooks.constructEvent(BODY, both, "whsec_other")).to.throw();
  });

  it("Adyen: the golden vectors, nothing escaped", () => {
    expect(adyenSignature(ITEM, KEY)).to.equal("coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=");
    const item: AdyenItem = {
      ...ITEM,
      pspReference: "PSP0000000000002",
      originalReference: "PSP0000000000001",
      merchantAccountCode: "MerchantA",
      merchantReference: "14-08-2020-09:53:00\\x",
      amount: { currency: "EUR", value: 1000 },
      eventCode: "CAPTURE",
    };
    expect(adyenSignature(item, "00112233445566778899AABBCCDDEEFF".repeat(2))).to.equal(
      "ogfIDzN25sxeosen96SdvBSkSPwSCMOxMGtqDupbaOA=",
    );
  });

  it("Adyen: what the official SDK takes", () => {
    const validator = new HmacValidator();
    const signed = { ...ITEM, additionalData: { hmacSignature: adyenSignature(ITEM, KEY) } };
    expect(validator.validateHMAC(signed, KEY)).to.equal(true);
    expect(validator.validateHMAC({ ...signed, success: "false" }, KEY)).to.equal(false);
  });
});
