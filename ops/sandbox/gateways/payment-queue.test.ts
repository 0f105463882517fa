import { expect } from "chai";
import { PaymentQueue } from "./payment-queue.ts";

const HOUR_MS = 3_600_000;

describe("calls on one payment", () => {
  it("run one after the other, in their order, also after one that failed", async () => {
    const queue = new PaymentQueue(HOUR_MS);
    const seen: string[] = [];
    const step = (name: string) => async () => {
      seen.push(`${name} begins`);
      await new Promise((done) => setImmediate(done));
      seen.push(`${name} ends`);
      if (name === "b") throw new Error("b failed");
      return name;
    };
    const ends = await Promise.allSettled(["a", "b", "c"].map((name) => queue.run("pi_1", step(name))));
    expect(ends.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    expect(seen).to.deep.equal(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
    await new Promise((done) => setImmediate(done));
    expect(queue.size).to.equal(0);
  });

  it("do not wait for those on another payment", async () => {
    const queue = new PaymentQueue(HOUR_MS);
    const { promise, resolve } = Promise.withResolvers<string>();
    const slow = queue.run("pi_1", () => promise);
    expect(await queue.run("pi_2", () => Promise.resolve("at once"))).to.equal("at once");
    resolve("later");
    expect(await slow).to.equal("later");
  });

  it("give up when those before them take too long, and let nobody pass them", async () => {
    const queue = new PaymentQueue(1);
    const seen: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = queue.run("pi_1", async () => {
      await promise;
      seen.push("slow");
    });
    expect(await queue.run("pi_1", () => Promise.resolve(seen.push("never")))).to.equal(undefined);
    expect(await queue.run("pi_1", () => Promise.resolve(seen.push("never")))).to.equal(undefined);
    resolve();
    await slow;
    await queue.run("pi_1", () => Promise.resolve(seen.push("last")));
    expect(seen).to.deep.equal(["slow", "last"]);
  });
});
