import { expect } from "chai";
import { DEFAULT_LIMITS, parseConfig, parseConfigText } from "./config.ts";

const GOOD = {
  mode: "sandbox",
  node: { id: "node-1" },
  api: { host: "127.0.0.1", port: 8080 },
  admin: { host: "127.0.0.1", port: 9091 },
  control: { dsn: "postgres://app:hush@127.0.0.1/control" },
  keys: { file: "keys.json" },
  gateways: { stripe: null, adyen: null, fixedLatency: { delayMs: 50 } },
  workers: null,
};

/** Case, what is changed, a part of the fault that names it. */
const cases: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>, string]> = [
  ["78 a missing key", { control: undefined }, "control"],
  ["78 a misspelt key", { wrokers: 2 }, "additional"],
  ["78 a wrong type", { api: { host: "127.0.0.1", port: "8080" } }, "api.port"],
  [
    "78 an empty secret",
    { gateways: { stripe: { baseUrl: null, apiKey: "" }, adyen: null, fixedLatency: null } },
    "gateways.stripe",
  ],
  ["81 a time-out of 0", { limits: { gatewayCallMs: 0 } }, "limits.gatewayCallMs"],
  ["81 a negative time-out", { limits: { answerWithinMs: -1 } }, "limits.answerWithinMs"],
  ["81 an answer later than the gateway call", { limits: { answerWithinMs: 20_000 } }, "answerWithinMs"],
  ["81 a gateway call longer than its deadline", { limits: { operationDeadlineMs: 20_000 } }, "operationDeadlineMs"],
  ["81 a deadline longer than a gateway key lives", { limits: { operationDeadlineMs: 86_400_000 } }, "23 h"],
  ["81 memory that answers longer than a take-over waits", { limits: { memoryAnswersForMs: 4_000 } }, "4 s"],
  ["81 a breaker that begins with more than its most", { limits: { breakerOpenMs: 20_000 } }, "breakerOpenMaxMs"],
  ["81 a breaker that looks back further than it can", { limits: { breakerWindowS: 61 } }, "limits.breakerWindowS"],
  ["81 a breaker that never opens", { limits: { breakerFailureShare: 1 } }, "limits.breakerFailureShare"],
  ["81 a budget of nothing", { gatewayCallsPerSecond: 0 }, "gatewayCallsPerSecond"],
  ["81 a budget of half a call", { gatewayCallsInFlight: 0.5 }, "gatewayCallsInFlight"],
  ["81 no gateway thread", { gatewayThreads: 0 }, "gatewayThreads"],
  ...["stripe.example", "ftp://stripe.example", "http://", "http://h:99999", "javascript:1"].map(
    (baseUrl) =>
      [
        `80 the gateway address ${baseUrl}`,
        { gateways: { stripe: { baseUrl, apiKey: "hush" }, adyen: null, fixedLatency: null } },
        "gateways.stripe.baseUrl must be an http or https address",
      ] as const,
  ),
  ["82 the benchmark's gateway in production", { mode: "production" }, "fixedLatency"],
];

describe("configuration", () => {
  it("takes a good file and fills in every default", () => {
    const config = parseConfig(GOOD);
    if ("faults" in config) throw new Error(config.faults.join());
    expect(config.limits).to.deep.equal(DEFAULT_LIMITS);
    expect(config.workers).to.be.greaterThan(0);
    expect(config.gatewayThreads).to.be.within(1, 2);
    expect([config.gatewayCallsPerSecond, config.gatewayCallsInFlight]).to.deep.equal([null, null]);
  });

  it("takes a budget of each gateway account", () => {
    const config = parseConfig({ ...GOOD, gatewayCallsPerSecond: 500, gatewayCallsInFlight: 64 });
    if ("faults" in config) throw new Error(config.faults.join());
    expect([config.gatewayCallsPerSecond, config.gatewayCallsInFlight]).to.deep.equal([500, 64]);
  });

  it("sends webhooks to this machine only in a sandbox, or where the file says so", () => {
    const webhooksOf = (more: object) => {
      const config = parseConfig({ ...GOOD, ...more });
      return "faults" in config ? config.faults.join("\n") : config.webhooks;
    };
    expect(webhooksOf({})).to.deep.equal({ allowLoopback: true, timeoutMs: 10_000 });
    expect(webhooksOf({ webhooks: { allowLoopback: false, timeoutMs: 500 } })).to.deep.equal({
      allowLoopback: false,
      timeoutMs: 500,
    });
    expect(webhooksOf({ mode: "production", webhooks: { allowLoopback: true } })).to.include("webhooks.allowLoopback");
    expect(webhooksOf({ mode: "production" })).not.to.include("webhooks.allowLoopback");
  });

  it("takes the number of gateway threads, and a gateway's own or another address", () => {
    for (const baseUrl of [null, "http://127.0.0.1:8081", "https://checkout.example"]) {
      const gateways = { stripe: null, adyen: { baseUrl, apiKey: "x" }, fixedLatency: null };
      const config = parseConfig({ ...GOOD, gateways, gatewayThreads: 3 });
      expect("faults" in config ? config.faults : config.gatewayThreads).to.equal(3);
    }
  });

  it("says of a file that is not JSON only that, and quotes none of it", () => {
    const parsed = parseConfigText('{"control": {"dsn": "postgres://app:hush@h/db"} hush');
    expect(parsed).to.deep.equal({ faults: ["the file is not JSON"] });
    expect(parseConfigText(JSON.stringify(GOOD))).not.to.have.property("faults");
  });

  for (const [name, change, part] of cases)
    it(`refuses ${name}`, () => {
      const parsed = parseConfig(JSON.parse(JSON.stringify({ ...GOOD, ...change })));
      expect("faults" in parsed ? parsed.faults.join("\n") : "accepted").to.include(part);
    });

  it("reports all faults at once and prints no value", () => {
    const parsed = parseConfig({ ...GOOD, api: { host: "", port: -5 }, control: { dsn: 7, secret: "hush" } });
    const text = "faults" in parsed ? parsed.faults.join("\n") : "";
    for (const part of ["api.host", "api.port", "control"]) expect(text).to.include(part);
    expect(text).not.to.include("hush");
  });
});
