/** Both adapters against servers that break off, drip, stay silent or lie: what they say, how soon, and how often they sent. */
import { createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { createAdyenGateway, createStripeGateway } from "../../../actors/gateways/index.ts";
import type { OperationId, PaymentId } from "../../../actors/domain/index.ts";
import type { Gateway, GatewayCall, GatewayObservation } from "../../../actors/index.ts";
import { systemClock } from "./test-rig.ts";

const TIMEOUT_MS = 800;
/** Without a total deadline the drips would go on for a minute, and the silence for ever. */
const STALL_MAX_MS = 10_000;

/** What a test has opened; ended after it, however it went. */
const opened: (() => Promise<void>)[] = [];

type Behaviour = (socket: Socket, request: string) => void;

/** A raw server; it counts the requests that reached it. */
class OddServer {
  requests = 0;
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(behave: Behaviour) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      this.connections++;
      socket.on("error", () => {});
      socket.on("data", (data) => {
        if (data.toString("latin1").startsWith("POST ")) this.requests++;
        behave(socket, data.toString("latin1"));
      });
    });
  }
  async start(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    opened.push(() => this.stop());
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}

const call = (name: "stripe" | "adyen"): GatewayCall => ({
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  merchantId: null,
  kind: "sale",
  action: "execute",
  try: 1,
  earlierTryOpen: false,
  gateway: name,
  account: "acct_1",
  gatewayKey: "5c0b6a54-6f0c-5d0e-9a55-0d6f0a1b2c3d",
  gatewayReference: name === "stripe" ? "pi_1" : null,
  amountMinor: 1000n,
  currency: "EUR",
  paymentMethod: "tok_visa",
  timeoutMs: TIMEOUT_MS,
  notAfterMs: Number.POSITIVE_INFINITY,
});

const make = (name: "stripe" | "adyen", baseUrl: string, connectionsMax?: number): Gateway => {
  const common = { baseUrl, clock: systemClock, ...(connectionsMax !== undefined && { connectionsMax }) };
  const gateway =
    name === "stripe"
      ? createStripeGateway({ ...common, apiKey: "sk_test_x", account: null })
      : createAdyenGateway({ ...common, apiKey: "x", merchantAccount: null });
  opened.push(() => gateway.close());
  return gateway;
};

const head = (status: string, more: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${more}\r\n`;
const drip =
  (text: string): Behaviour =>
  (socket) => {
    let sent = 0;
    const timer = setInterval(() => {
      if (sent >= text.length || socket.destroyed) clearInterval(timer);
      else socket.write(text[sent++] as string);
    }, 10);
  };

const CASES: ReadonlyArray<readonly [name: string, behave: Behaviour, expected: GatewayObservation]> = [
  ["drips its head", drip(head("200 OK", "X-Long: 1\r\n".repeat(200))), { kind: "unknown", reason: "timeout" }],
  [
    "drips its body",
    drip(head("200 OK", "Content-Length: 5000\r\n") + " ".repeat(5000)),
    { kind: "unknown", reason: "timeout" },
  ],
  [
    "sends a head and stays silent",
    (s) => s.write(head("200 OK", "Content-Length: 10\r\n")),
    { kind: "unknown", reason: "timeout" },
  ],
  ["never answers", () => {}, { kind: "unknown", reason: "timeout" }],
  ["resets", (s) => s.resetAndDestroy(), { kind: "unknown", reason: "connection_lost" }],
  ["closes", (s) => s.end(), { kind: "unknown", reason: "connection_lost" }],
  [
    "cuts its body short",
    (s) => s.end(`${head("200 OK", "Content-Length: 5000\r\n")}{"id":"pi_1"`),
    { kind: "unknown", reason: "connection_lost" },
  ],
  [
    "sends more than a megabyte",
    (s) => s.write(head("200 OK", "Content-Length: 3000000\r\n") + " ".repeat(3_000_000)),
    { kind: "unknown", reason: "answer_too_large" },
  ],
  ["speaks no HTTP", (s) => s.end("SSH-2.0-OpenSSH_9.6\r\n"), { kind: "unknown", reason: "connection_lost" }],
];

describe("gateway adapters and odd servers", function () {
  this.timeout(30_000);
  afterEach(async () => {
    for (const end of opened.splice(0).toReversed()) await end();
  });

  for (const name of ["stripe", "adyen"] as const)
    describe(name, () => {
      for (const [title, behave, expected] of CASES)
        it(`a server that ${title} -> ${expected.kind}, within the total deadline, sent once`, async () => {
          const server = new OddServer(behave);
          const gateway = make(name, await server.start());
          const beganMs = performance.now();
          const observed = await gateway.run(call(name));
          expect(observed).to.deep.equal(expected);
          expect(performance.now() - beganMs).to.be.lessThan(TIMEOUT_MS + STALL_MAX_MS);
          expect(server.requests).to.equal(1);
        });

      it("follows no redirect", async () => {
        const target = new OddServer(() => {});
        const location = await target.start();
        const server = new OddServer((socket) =>
          socket.write(
            `${head("308 Permanent Redirect", `Location: ${location}/v72/payments\r\nContent-Length: 2\r\n`)}{}`,
          ),
        );
        const gateway = make(name, await server.start());
        expect(await gateway.run(call(name))).to.deep.equal({ kind: "unknown", reason: "unreadable_308" });
        expect(target.requests).to.equal(0);
      });

      it("nobody listens -> not submitted", async () => {
        const server = new OddServer(() => {});
        const url = await server.start();
        await server.stop();
        const gateway = make(name, url);
        expect(await gateway.run(call(name))).to.deep.equal({ kind: "notSubmitted", reason: "connection_failed" });
      });

      it("no such host -> not submitted", async () => {
        const gateway = make(name, "http://gateway.invalid");
        expect((await gateway.run(call(name))).kind).to.equal("notSubmitted");
      });

      it("no TLS at the other end -> not submitted", async () => {
        const server = new OddServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
        const gateway = make(name, (await server.start()).replace("http:", "https:"));
        expect(await gateway.run(call(name))).to.deep.equal({ kind: "notSubmitted", reason: "connection_failed" });
      });

      it("time ran out in the queue -> not submitted, and never sent afterwards", async () => {
        const release: (() => void)[] = [];
        const server = new OddServer((socket) => release.push(() => socket.end()));
        const gateway = make(name, await server.start(), 1);
        const first = gateway.run({ ...call(name), timeoutMs: 2 * TIMEOUT_MS });
        expect(await gateway.run(call(name))).to.deep.equal({ kind: "notSubmitted", reason: "timeout" });
        release[0]?.();
        expect((await first).kind).to.equal("unknown");
        const third = await gateway.run(call(name)); // the socket is free again: had the second waited, it would go first
        expect(third.kind).to.equal("unknown");
        expect(server.requests).to.equal(2);
      });

      it("time ran out in the queue -> the socket that becomes free is kept, and serves the next", async () => {
        const release: (() => void)[] = [];
        const answer = `${head("500 Internal Server Error", "Content-Length: 2\r\n")}{}`;
        const server = new OddServer((socket) => release.push(() => socket.write(answer)));
        const gateway = make(name, await server.start(), 1);
        const first = gateway.run({ ...call(name), timeoutMs: 4 * TIMEOUT_MS });
        expect(await gateway.run(call(name))).to.deep.equal({ kind: "notSubmitted", reason: "timeout" });
        const third = gateway.run({ ...call(name), timeoutMs: 4 * TIMEOUT_MS });
        release[0]?.();
        await first;
        while (release.length < 2) await new Promise((resolve) => setImmediate(resolve));
        release[1]?.();
        expect((await third).kind).to.equal("unknown");
        expect([server.requests, server.connections]).to.deep.equal([2, 1]);
      });
    });
});
