import { expect } from "chai";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { bringRedis, readRedisCounters, redisBetween } from "../redis.ts";

const redisUrl = process.env["TEST_REDIS_URL"] ?? "";

describe("redis of a benchmark", function () {
  this.timeout(30_000);

  it("is the given one, and its looks are counted (needs redis)", async function () {
    if (redisUrl === "") this.skip(); // throws
    const redis = await bringRedis(redisUrl, "nowhere", "nowhere");
    expect(redis.url).to.equal(redisUrl);
    expect(redis.version).to.match(/^\d+\./);
    const before = await readRedisCounters(redisUrl);
    const after = await readRedisCounters(redisUrl);
    expect(redisBetween(before, after).hits).to.be.at.least(0);
    await redis.stop();
    expect((await readRedisCounters(redisUrl)).hits, "a given one is not ended").to.be.at.least(0);
  });

  const refusals: readonly (readonly [string, string, string])[] = [
    ["asks for a password", "-NOAUTH Authentication required.\r\n", "NOAUTH"],
    ["closes the connection", "", "closed"],
  ];
  for (const [what, answer, words] of refusals)
    it(`is named with its reason when it ${what}`, async () => {
      const server = createServer((socket) => void socket.end(answer));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const failure = await bringRedis(url, "nowhere", "nowhere").catch((error: unknown) => error);
      server.close();
      expect(String(failure)).to.contain(new URL(url).host).and.to.contain(words);
    });
});
