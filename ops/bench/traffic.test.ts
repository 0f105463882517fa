import { expect } from "chai";
import fc from "fast-check";
import { isKept, keyOf, kindOf, STANDARD_MIX, Traffic, uniform } from "./traffic.ts";

const terms = { host: "h:1", run: "r", tokens: ["t0", "t1", "t2"], paymentMethod: "tok_visa", bodyBytes: 600 };
const parse = (bytes: Buffer): { head: string; body: Record<string, unknown> } => {
  const [head, body] = bytes.toString("utf8").split("\r\n\r\n") as [string, string];
  expect(head).to.contain(`Content-Length: ${Buffer.byteLength(body)}`);
  return { head, body: JSON.parse(body) as Record<string, unknown> };
};

describe("traffic", () => {
  it("has the shares of replays and conflicts that were asked for, and keeps enough answers for them", () => {
    const count = { fresh: 0, replay: 0, conflict: 0, kept: 0 };
    for (let k = 0; k < 100_000; k++) {
      const kind = kindOf(k, STANDARD_MIX);
      count[kind]++;
      if (kind === "fresh" && isKept(k, STANDARD_MIX)) count.kept++;
    }
    expect(count).to.include({ replay: 2000, conflict: 200 });
    expect(count.kept).to.be.at.least(2200);
  });

  it("has fresh requests only when no other kind is asked for", () => {
    for (let k = 0; k < 2000; k++) expect(kindOf(k, { replayEvery: 0, conflictEvery: 0 })).to.equal("fresh");
  });

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

  it("spreads requests over all merchants", () => {
    const hits = new Uint32Array(100);
    const pick = uniform(100, 1);
    for (let k = 0; k < 100_000; k++) hits[pick(k)] = (hits[pick(k)] as number) + 1;
    expect(Math.min(...hits)).to.be.above(800);
    expect(Math.max(...hits)).to.be.below(1200);
  });
});
