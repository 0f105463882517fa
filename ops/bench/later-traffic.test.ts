import { expect } from "chai";
import { LaterTraffic } from "./later-traffic.ts";
import { READ_KINDS } from "./read-mix.ts";

const ID = Buffer.from(`pay_${"7".repeat(26)}`);
const traffic = (): LaterTraffic => new LaterTraffic({ host: "h:1", run: "r", tokens: ["t0", "t1"] });

describe("later traffic", () => {
  for (const [kind, { name, path, target }] of READ_KINDS.entries())
    it(`asks for ${name} with the merchant's token`, () => {
      const bytes = traffic().readBytes(kind, 1, target === "none" ? null : ID);
      expect(bytes.toString()).to.equal(
        `GET ${path.replace("{id}", ID.toString())} HTTP/1.1\r\nHost: h:1\r\nAuthorization: Bearer t1\r\n\r\n`,
      );
    });

  it("refunds one minor unit under the request's own key, whatever was asked before", () => {
    const later = traffic();
    later.refundBytes(999_999_999, 0, ID);
    later.readBytes(0, 1, ID);
    const [head, body] = later.refundBytes(42, 0, ID).toString().split("\r\n\r\n") as [string, string];
    expect(head).to.contain(`POST /v1/payments/${ID.toString()}/refunds HTTP/1.1\r\n`);
    expect(head).to.contain("Bearer t0").and.to.contain("X-Idempotency-Key: r-000000042\r\n");
    expect(head).to.contain(`Content-Length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body)).to.have.property("amount", 1);
  });

  it("throws when a path lacks its id or an id its path: that is a bug", () => {
    expect(() => traffic().readBytes(0, 0, null)).to.throw("an id belongs");
    expect(() => traffic().readBytes(READ_KINDS.length - 1, 0, ID)).to.throw("an id belongs");
  });
});
