import { expect } from "chai";
import { readOptions } from "./options.ts";

const read = (...args: readonly string[]) => readOptions(args, "/cwd", "/project");

describe("the options of npm start", () => {
  it("have defaults", () => {
    const verdict = read();
    expect(verdict).to.deep.equal({
      kind: "run",
      options: {
        nodes: 1,
        shards: null,
        merchants: null,
        port: null,
        dataDir: "/project/.sandbox",
        postgres: [],
        stripeUrl: null,
        adyenUrl: null,
        fixedLatencyMs: null,
        workers: null,
        redisUrl: null,
        rateLimitPerSecond: null,
        gatewayCallsPerSecond: null,
        gatewayCallsInFlight: null,
        limits: {},
        postgresSettings: {},
      },
    });
  });

  it("are all read", () => {
    const line =
      "--nodes 3 --shards 2 --merchants 5 --port 8085 --data-dir data --workers 3 " +
      "--postgres postgres://u:p@h:1/postgres --postgres postgresql://u:p@h:2/postgres " +
      "--stripe-url http://127.0.0.1:7/ --adyen-url https://proxy --gateway fixed-latency:50 " +
      "--redis rediss://:secret@h:6380/1 --rate-limit 1000 " +
      "--gateway-calls-per-second 500 --gateway-calls-in-flight 64 --limit openMax=7 --limit breakerFailureShare=0.5 " +
      "--postgres-set shared_buffers=1GB --postgres-set work_mem=4MB";
    const verdict = read(...line.split(" "));
    expect(verdict.kind === "run" && verdict.options).to.deep.equal({
      nodes: 3,
      shards: 2,
      merchants: 5,
      port: 8085,
      dataDir: "/cwd/data",
      postgres: ["postgres://u:p@h:1/postgres", "postgresql://u:p@h:2/postgres"],
      stripeUrl: "http://127.0.0.1:7",
      adyenUrl: "https://proxy",
      fixedLatencyMs: 50,
      workers: 3,
      redisUrl: "rediss://:secret@h:6380/1",
      rateLimitPerSecond: 1_000,
      gatewayCallsPerSecond: 500,
      gatewayCallsInFlight: 64,
      limits: { openMax: 7, breakerFailureShare: 0.5 },
      postgresSettings: { shared_buffers: "1GB", work_mem: "4MB" },
    });
  });

  const wrong: readonly (readonly [readonly string[], string])[] = [
    [["--nodes", "10"], "--nodes takes a whole number from 1 to 9"],
    [["--nodes", "0"], "--nodes takes a whole number"],
    [["--redis", "h:6379"], "--redis takes a URL that begins with redis:// or rediss://"],
    [["--redis", "http://h"], "--redis takes a URL"],
    [["--rate-limit", "0"], "--rate-limit takes a whole number"],
    [["--rate-limit", "1.5"], "--rate-limit takes a whole number"],
    [["--shards", "0"], "--shards takes a whole number"],
    [["--shards", "2.5"], "--shards takes a whole number"],
    [["--port", "65536"], "--port takes a whole number"],
    [["--postgres", "h:5432"], "--postgres takes a URL"],
    [["--stripe-url", "127.0.0.1:7"], "--stripe-url takes a URL"],
    [["--gateway", "stripe"], "--gateway takes fixed-latency:MS"],
    [["--gateway-calls-per-second", "0"], "--gateway-calls-per-second takes a whole number"],
    [["--gateway-calls-in-flight", "x"], "--gateway-calls-in-flight takes a whole number"],
    [["--limit", "openMax"], "--limit takes NAME=NUMBER"],
    [["--limit", "openMax=many"], "--limit takes NAME=NUMBER"],
    [["--postgres-set", "fsync"], "--postgres-set takes NAME=VALUE"],
    [["--unknown"], "--unknown"],
    [["something"], "something"],
  ];
  for (const [args, words] of wrong)
    it(`refuse ${args.join(" ")}`, () => {
      const verdict = read(...args);
      expect(verdict.kind).to.equal("wrong");
      expect(verdict.kind === "wrong" && verdict.message).to.include(words);
    });
});
