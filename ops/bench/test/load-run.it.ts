import { expect } from "chai";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LoadRun } from "../load-run.ts";
import { OUTCOME } from "../load-terms.ts";
import type { LoadResult, LoadSettings } from "../load-terms.ts";

/** What a server does with one request. `n`: how many came before it. */
type Behaviour = (
  request: { readonly key: string; readonly body: string; readonly n: number },
  response: ServerResponse,
) => void;

/** For what is never answered: long enough for what is, however busy the machine. */
const SHORT_DRAIN_MS = 1_500;
const SETTINGS: Omit<LoadSettings, "port" | "host"> = {
  rate: 500,
  warmupS: 0,
  measureS: 1,
  address: "127.0.0.1",
  run: "bench-run",
  tokens: ["a", "b"],
  paymentMethod: "tok_visa",
  bodyBytes: 600,
  connections: 50,
  mix: { replayEvery: 0, conflictEvery: 0 },
  seed: 1,
  drainMs: 10_000, // it ends with the last answer, so only what is never answered costs as much
  capacity: false,
};

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const payment = (key: string): string => JSON.stringify({ id: `pay_${key}` });
const created = (response: ServerResponse, body: string, headers: Record<string, string> = {}): void => {
  response.writeHead(201, { "content-length": Buffer.byteLength(body), ...headers }).end(body);
};

describe("load run", function () {
  this.timeout(60_000);
  let server: Server;
  let behave: Behaviour;
  let requests = 0;

  before(async () => {
    server = createServer((request, response) => {
      void readBody(request).then((body) =>
        behave({ key: String(request.headers["x-idempotency-key"]), body, n: requests++ }, response),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    requests = 0;
  });

  async function load(behaviour: Behaviour, more: Partial<LoadSettings> = {}): Promise<LoadResult> {
    behave = behaviour;
    const { port } = server.address() as AddressInfo;
    const run = new LoadRun({ ...SETTINGS, port, host: `127.0.0.1:${port}`, ...more });
    await run.connect();
    return await run.run(() => undefined);
  }

  it("sends every request once, with its own key, and times it net of the gateway", async () => {
    const keys = new Set<string>();
    const result = await load(({ key }, response) => {
      keys.add(key);
      setTimeout(() => created(response, payment(key), { "Gateway-Time-Ms": "30" }), 50);
    });
    expect(keys.size).to.equal(500);
    expect(result.fresh).to.include({ due: 500, right: 500, wrong: 0, unanswered: 0, neverSent: 0 });
    expect(result.outcomes.every((outcome) => outcome === OUTCOME.accepted)).to.equal(true);
    expect(result.gross.p50Us).to.be.above(49_000);
    expect(result.gross.p50Us - result.net.p50Us).to.be.closeTo(30_000, 3000);
  });

  it("takes an equal replay and a refused conflict for right, and nothing else", async () => {
    const first = new Map<string, string>();
    const honest: Behaviour = ({ key, body }, response) => {
      const known = first.get(key);
      first.set(key, known ?? body);
      if (known === undefined || known === body) created(response, payment(key));
      else response.writeHead(422, { "content-length": 2 }).end("{}");
    };
    const mix = { replayEvery: 10, conflictEvery: 50 };
    const right = await load(honest, { mix });
    expect(right.replays.right).to.be.above(40);
    expect(right.conflicts.right).to.be.above(7);
    expect(right.replays.wrong + right.conflicts.wrong).to.equal(0);

    const forgetful = await load(({ key, n }, response) => created(response, payment(`${key}${n}`)), { mix });
    expect(forgetful.replays).to.include({ right: 0, wrong: forgetful.replays.due });
    expect(forgetful.conflicts).to.include({ right: 0, wrong: forgetful.conflicts.due });
    expect(forgetful.samples[0]).to.contain("201");
  });

  it("counts refusals and wrong answers apart", async () => {
    const result = await load(({ n }, response) => {
      const status = n % 10 === 0 ? 503 : n % 10 === 1 ? 500 : 201;
      response.writeHead(status, { "content-length": 2 }).end("{}");
    });
    expect(result.fresh).to.include({ right: 400, refused: 50, wrong: 50 });
    expect(result.statuses).to.deep.equal({ 201: 400, 500: 50, 503: 50 });
    expect(result.outcomes.filter((outcome) => outcome === OUTCOME.refused)).to.have.length(50);
  });

  it("counts what is never answered with the longest latency", async () => {
    const result = await load(
      ({ key, n }, response) => {
        if (n % 10 !== 0) created(response, payment(key));
      },
      { connections: 100, drainMs: SHORT_DRAIN_MS },
    );
    expect(result.fresh).to.include({ due: 500, right: 450, unanswered: 50 });
    expect(result.net.maxUs).to.equal(SHORT_DRAIN_MS * 1_000);
    expect(result.net.count).to.equal(500);
  });

  it("counts what could not be sent for want of a connection, and blames the server", async () => {
    const result = await load(() => undefined, { connections: 20, drainMs: SHORT_DRAIN_MS });
    expect(result.fresh).to.include({ due: 500, unanswered: 20, neverSent: 480, right: 0 });
    expect(result.net.p50Us).to.be.at.least(SHORT_DRAIN_MS * 1_000 - 1_000);
    expect(result.lateShare, "at most what was sent").to.be.below(0.05);
  });

  it("times from the moment a request was due, not from when it could be sent", async () => {
    const slow: Behaviour = ({ key }, response) => void setTimeout(() => created(response, payment(key)), 100);
    const result = await load(slow, { connections: 20 }); // 20 connections carry 200/s of 500/s
    expect(result.fresh).to.include({ due: 500, right: 500 });
    expect(result.net.maxUs).to.be.above(1_000_000);
    expect(result.starvedShare).to.be.above(0.5);
  });

  it("drops what is left over when it looks for the capacity", async () => {
    const slow: Behaviour = ({ key }, response) => void setTimeout(() => created(response, payment(key)), 100);
    const result = await load(slow, { connections: 20, capacity: true });
    expect(result.fresh.neverSent + result.fresh.unanswered).to.equal(0);
    expect(result.achieved, "what 20 connections carry, less on a busy machine").to.be.within(20, 220);
  });

  it("opens closed connections again and loses only what was on them", async () => {
    const result = await load(({ key, n }, response) => {
      if (n % 100 === 99) response.socket?.destroy();
      else created(response, payment(key), n % 50 === 0 ? { connection: "close" } : {});
    });
    expect(result.fresh).to.include({ due: 500, right: 495, unanswered: 5 });
    expect(result.reopened).to.be.at.least(10);
  });

  it("reads answers that come in pieces", async () => {
    const result = await load(({ key }, response) => {
      const text = payment(key);
      const whole = `HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
      const socket = response.socket;
      socket?.setNoDelay(true);
      socket?.write(whole.slice(0, 30));
      setTimeout(() => {
        socket?.write(whole.slice(30, 60));
        setTimeout(() => socket?.end(whole.slice(60)), 5);
      }, 5);
    });
    expect(result.fresh).to.include({ due: 500, right: 500 });
  });
});
