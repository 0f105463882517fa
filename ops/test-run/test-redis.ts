/**
 * The Redis of a test run: a given one, else a container, else a server of this machine, else the distribution's
 * package. All of them are reached by a URL, so tests do not know which it is.
 */
import { join } from "node:path";
import { unpackRedis } from "../stack/redis-package.ts";
import { findRedis } from "../stack/redis-program.ts";
import { startRedisServer } from "../stack/redis-server.ts";
import { engineAddresses, hasContainerEngine } from "./container-engine.ts";

export interface TestRedis {
  readonly url: string;
  /** Which it is, for people. */
  readonly from: string;
  stop(): Promise<void>;
}

const IMAGE = "redis:7.2-alpine";
const PORT = 6379;
const CONTAINER_LIMIT_MS = 120_000; // its image may have to be fetched

/**
 * Brings it. `given`: REDIS_URL; `dockerHost`: DOCKER_HOST; `stack`: where a package is unpacked; `folder`: of a server
 * that is started. Never throws: tests that need it are then counted as skipped.
 */
export async function bringTestRedis(options: {
  readonly given: string | undefined;
  readonly dockerHost: string | undefined;
  readonly stack: string;
  readonly folder: string;
}): Promise<TestRedis | { readonly failed: string }> {
  const { given, stack, folder } = options;
  if (given !== undefined && given !== "") return { url: given, from: "REDIS_URL", stop: async () => {} };
  const failures: string[] = [];
  if (await hasContainerEngine(engineAddresses(options.dockerHost)))
    try {
      return await startContainer();
    } catch (error) {
      failures.push(`a container: ${(error as Error).message}`);
    }
  const program = findRedis(stack) ?? unpackRedis({ stack, fetchLists: false });
  if ("failed" in program) return { failed: [...failures, program.failed].join("; ") };
  try {
    const server = await startRedisServer({ program, folder: join(folder, "redis") });
    return { url: server.url, from: `${program.path}, version ${program.version}`, stop: () => server.stop() };
  } catch (error) {
    return { failed: [...failures, (error as Error).message].join("; ") };
  }
}

async function startContainer(): Promise<TestRedis> {
  const { GenericContainer } = await import("testcontainers"); // half a second to load
  const container = await new GenericContainer(IMAGE)
    .withCommand(["redis-server", "--save", "", "--appendonly", "no"])
    .withExposedPorts(PORT)
    .withStartupTimeout(CONTAINER_LIMIT_MS)
    .start();
  return {
    url: `redis://${container.getHost()}:${container.getMappedPort(PORT)}`,
    from: `a container of ${IMAGE}`,
    stop: async () => void (await container.stop()),
  };
}
