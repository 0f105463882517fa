/** Redis for tests: the one of the run, which all share, and servers of one's own, to kill and freeze. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedis } from "../stack/redis-program.ts";
import { startRedisServer, type RedisServer } from "../stack/redis-server.ts";

/** The run's; undefined: there is none, and the test skips itself as `(needs redis)`. */
export function testRedis(): { readonly url: string } | undefined {
  const url = process.env["TEST_REDIS_URL"];
  return url === undefined || url === "" ? undefined : { url };
}

/** Whether this machine can start one; if not, the test skips itself as `(needs redis-server)`. */
export const canStartRedis = (): boolean => program() !== undefined;

/** Starts a server of one's own. `port`: exactly this one, to come back where another has been. */
export async function startOwnRedis(port?: number, args: readonly string[] = []): Promise<RedisServer> {
  const found = program();
  if (found === undefined) throw new Error("there is no redis-server; to have it: npm run stack:redis");
  const folder = mkdtempSync(join(tmpdir(), "redis-test-"));
  const server = await startRedisServer({ program: found, folder, args, ...(port !== undefined && { port }) });
  return {
    ...server,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const program = (): ReturnType<typeof findRedis> => findRedis(join(import.meta.dirname, "../../.stack"));
