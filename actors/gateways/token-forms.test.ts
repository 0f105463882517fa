import { expect } from "chai";
import { mintId } from "../domain/index.ts";
import { tokensByForm } from "./token-forms.ts";

const merchant = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));
const cases = [
  ["pm_1PqXyz", "stripe"],
  ["card_1PqXyz", "stripe"],
  ["tok_stripe_only", "stripe"],
  ["tok_adyen_only", "adyen"],
  ["8415698462516992", "adyen"],
  ["M5N7TQ4TG5PFWR50", "adyen"],
  ["tok_visa", "anywhere"],
  ["tok_applepay", "anywhere"],
  ["m5n7tq4tg5pfwr50", "anywhere"],
] as const;

describe("tokens by form", () => {
  for (const [token, where] of cases)
    it(`${token} works ${where === "anywhere" ? "wherever it is taken" : `at ${where}`}`, () => {
      const gateways = tokensByForm.gatewaysOf(merchant, token);
      expect(gateways?.[0] ?? "anywhere").to.equal(where);
    });
});
