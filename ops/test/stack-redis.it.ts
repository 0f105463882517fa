import { expect } from "chai";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { hasContainerEngine, engineAddresses } from "../test-run/container-engine.ts";
import { bringTestRedis } from "../test-run/test-redis.ts";
import { isRunning, nameProcess, waitFor } from "../sandbox/processes.ts";
import type { RedisServer } from "../stack/redis-server.ts";
import { canStartRedis, startOwnRedis, testRedis } from "./redis.ts";

describe("the Redis of tests", function () {
  this.timeout(60_000);
  let folder: string;
  const engines: Server[] = [];
  const servers: RedisServer[] = [];

  /** An engine that answers pings with a status; 0: not at all. */
  const engine = async (status: number): Promise<string> => {
    const path = join(folder, `engine-${engines.length}.sock`);
    const server = createServer((request, response) => {
      if (status === 0) return;
      response.writeHead(request.url === "/_ping" ? status : 404).end("OK");
    });
    engines.push(server);
    await new Promise<void>((done) => server.listen(path, done));
    return `unix://${path}`;
  };
  const start = async (port?: number): Promise<RedisServer> => {
    const server = await startOwnRedis(port);
    servers.push(server);
    return server;
  };
  /** PONG, or why not. */
  const ping = async ({ url }: { readonly url: string }, commandTimeout = 5_000): Promise<string> => {
    const client = new Redis(url, { commandTimeout, retryStrategy: () => null, lazyConnect: true });
    client.on("error", () => {});
    try {
      await client.connect();
      return await client.ping();
    } catch (error) {
      return (error as Error).message;
    } finally {
      client.disconnect();
    }
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "engine-"));
  });
  after(async () => {
    for (const server of engines) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  it("knows within a second whether a container engine answers", async () => {
    const [good, broken, silent] = [await engine(200), await engine(500), await engine(0)];
    const absent = `unix://${folder}/none.sock`;
    expect(await hasContainerEngine([good])).to.equal(true);
    expect(await hasContainerEngine([absent, good])).to.equal(true);
    for (const one of [absent, broken, silent, "tcp://127.0.0.1:9", "nonsense", ""])
      expect(await hasContainerEngine([one]), one).to.equal(false);
    expect(await hasContainerEngine([])).to.equal(false);
  });

  it("asks the engine that DOCKER_HOST names, and no other", () => {
    expect(engineAddresses("tcp://h:1")).to.deep.equal(["tcp://h:1"]);
    expect(engineAddresses(undefined)).to.include("unix:///var/run/docker.sock");
  });

  it("answers, whichever it is (needs redis)", async function () {
    const redis = testRedis();
    if (redis === undefined) this.skip();
    expect(await ping(redis)).to.equal("PONG");
  });

  it("is the one that REDIS_URL names, before all others", async () => {
    const given = { given: "redis://h:1", dockerHost: await engine(200), stack: folder, folder };
    expect(await bringTestRedis(given)).to.include({ url: "redis://h:1", from: "REDIS_URL" });
  });

  it("comes from this machine when an engine answers but starts nothing (needs redis-server)", async function () {
    if (!canStartRedis()) this.skip();
    const stack = join(import.meta.dirname, "../../.stack");
    const redis = await bringTestRedis({ given: undefined, dockerHost: await engine(200), stack, folder });
    if ("failed" in redis) throw new Error(redis.failed);
    try {
      expect(redis.from).to.include("redis-server");
      expect(existsSync(join(folder, "redis/redis.log"))).to.equal(true);
    } finally {
      await redis.stop();
    }
  });

  it("can be frozen, woken, killed and started again on its port, and leaves nothing (needs redis-server)", async function () {
    if (!canStartRedis()) this.skip();
    const first = await start();
    const name = nameProcess(first.pid);
    expect(await ping(first)).to.equal("PONG");
    first.signal("SIGSTOP");
    expect(await ping(first, 200)).to.not.equal("PONG");
    first.signal("SIGCONT");
    expect(await ping(first)).to.equal("PONG");
    first.signal("SIGKILL");
    expect(await waitFor(() => name !== undefined && !isRunning(name), 5_000)).to.equal(true);
    await first.stop();
    const second = await start(first.port);
    expect([second.port, await ping(second)]).to.deep.equal([first.port, "PONG"]);
    const last = nameProcess(second.pid);
    second.signal("SIGSTOP");
    await second.stop();
    expect(last !== undefined && isRunning(last), "a frozen one ends too").to.equal(false);
  });

  it("runs beside others, on ports of their own (needs redis-server)", async function () {
    if (!canStartRedis()) this.skip();
    const [one, other] = [await start(), await start()];
    expect(one.port).to.not.equal(other.port);
    expect([await ping(one), await ping(other)]).to.deep.equal(["PONG", "PONG"]);
  });
});
