import { expect } from "chai";
import fc from "fast-check";
import { uniform } from "./merchant-pick.ts";
import { keyOf, Traffic } from "./traffic.ts";

const terms = { host: "h:1", run: "r", tokens: ["t0", "t1", "t2"], paymentMethod: "tok_visa", bodyBytes: 600 };
const parse = (bytes: Buffer): { head: string; body: Record<string, unknown> } => {
  const [head, body] = bytes.toString("utf8").split("\r\n\r\n") as [string, string];
  expect(head).to.contain(`Content-Length: ${Buffer.byteLength(body)}`);
  return { head, body: JSON.parse(body) as Record<string, unknown> };
};

describe("traffic", () => {
  it("makes the same bytes for the same number, whatever was sent between", () => {
    const traffic = new Traffic(terms, uniform(3, 7));
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.nat(999_999_999), (k, other) => {
        const first = Buffer.from(traffic.bytesOf(k, false));
        traffic.bytesOf(other, true);
        expect(traffic.bytesOf(k, false).equals(first)).to.equal(true);
      }),
    );
  });

  it("carries key, token, amount and about 600 bytes", () => {
    const { head, body } = parse(new Traffic(terms, () => 1).bytesOf(42, false));
    expect(head).to.contain("X-Idempotency-Key: r-000000042").and.to.contain("Bearer t1");
    expect(keyOf("r", 42)).to.equal("r-000000042");
    expect(body["merchant_reference"]).to.equal("order-000000042");
    expect(JSON.stringify(body).length).to.be.within(590, 610);
  });

  it("changes nothing but the amount in a conflict", () => {
    const traffic = new Traffic(terms, () => 0);
    const fresh = parse(Buffer.from(traffic.bytesOf(5, false)));
    const conflict = parse(Buffer.from(traffic.bytesOf(5, true)));
    expect(conflict.head).to.equal(fresh.head);
    expect(conflict.body).to.deep.equal({ ...fresh.body, amount: (fresh.body["amount"] as number) + 1 });
  });
});
