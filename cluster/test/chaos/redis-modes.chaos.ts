/** The reply cache on servers that refuse its two batched commands: it then goes key by key. */
import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { mintId } from "../../../actors/domain/index.ts";
import { canStartRedis, startOwnRedis } from "../../../ops/test/redis.ts";
import { RedisCacheClient } from "../../../router/idempotency-cache-redis.ts";
import { IdempotencyCache } from "../../../router/idempotency-cache.ts";
import type { CacheQuestion } from "../../../router/reply-cache.ts";
import { systemClock } from "../../clock.ts";
import { until } from "../rig/cluster.ts";

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const MERCHANTS = 8;

/** Server's arguments, and what is set up on it by its owner; gives the address for the cache. */
const MODES: Readonly<
  Record<string, { readonly args: readonly string[]; readonly prepare: (redis: Redis, url: string) => Promise<string> }>
> = {
  "in cluster mode, where keys of several merchants lie in several slots": {
    args: ["--cluster-enabled", "yes"],
    prepare: async (redis, url) => {
      await redis.cluster("ADDSLOTSRANGE", 0, 16_383);
      await until("the cluster is up", 10_000, async () => (await redis.cluster("INFO")).includes("cluster_state:ok"));
      return url;
    },
  },
  "where our user may run no scripts": {
    args: [],
    prepare: async (redis, url) => {
      await redis.acl("SETUSER", "payments", "on", ">secret", "~*", "+@all", "-@scripting");
      return url.replace("redis://", "redis://payments:secret@");
    },
  },
};

describe("the reply cache key by key (needs redis-server)", function () {
  this.timeout(60_000);
  before(function () {
    if (!canStartRedis()) this.skip();
  });

  for (const [mode, { args, prepare }] of Object.entries(MODES))
    it(`keeps and finds ${mode}`, async () => {
      const server = await startOwnRedis(undefined, args);
      const owner = new Redis(server.url);
      const client = new RedisCacheClient(await prepare(owner, server.url), silent);
      const metrics = { looked: () => {}, kept: () => {}, breakerChanged: () => {} };
      const cache = new IdempotencyCache({ client, macKey: randomBytes(32), clock: systemClock, log: silent, metrics });
      const look = (question: CacheQuestion): Promise<string | null> =>
        new Promise((resolve) => cache.look(question, (reply) => resolve(reply && Buffer.from(reply.body).toString())));
      const questions = Array.from({ length: MERCHANTS }, (_, i) => ({
        merchantId: mintId("mer", 0, 1_750_000_000_000, randomBytes(8)),
        key: `k${i}`,
        route: "POST /v1/payments",
        bodyHash: Buffer.alloc(32, i),
      }));
      try {
        await until("all are found in one go", 10_000, async () => {
          for (const question of questions)
            cache.keep(question, { status: 201, problem: false, body: Buffer.from(question.key) });
          const found = await Promise.all(questions.map(look));
          return found.every((text, i) => text === `k${i}`);
        });
        expect(await owner.dbsize()).to.equal(MERCHANTS);
      } finally {
        cache.close();
        owner.disconnect();
        await server.stop();
      }
    });
});
