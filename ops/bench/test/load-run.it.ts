import { expect } from "chai";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LoadRun } from "../load-run.ts";
import { OUTCOME } from "../load-terms.ts";
import type { LoadResult, LoadSettings } from "../load-terms.ts";
import { UNIFORM } from "../merchant-pick.ts";
import { FRESH_ONLY, READS_MIX } from "../mix.ts";
import { READ_KINDS } from "../read-mix.ts";

/** What a server does with one request. `n`: how many came before it. */
type Behaviour = (
  request: {
    readonly key: string;
    readonly body: string;
    readonly n: number;
    readonly asked: string;
    readonly token: string;
  },
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
  mix: FRESH_ONLY,
  spread: UNIFORM,
  seed: 1,
  notices: null,
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

/** A small API: payments, their refunds and the reads of read-mix.ts. `spoil`: what it does wrong. */
class SmallApi {
  readonly owners = new Map<string, string>();
  readonly refunds = new Map<string, number>();
  readonly asked = new Map<string, number>();
  foreign = 0;
  readonly #spoil: (path: string, body: string) => string;

  constructor(spoil: (path: string, body: string) => string = (_, body) => body) {
    this.#spoil = spoil;
  }

  readonly behave: Behaviour = ({ asked, token }, response) => {
    const [method, path = ""] = asked.split(" ");
    const id = /pay_\d{26}/.exec(path)?.[0];
    const template = path.replace(/pay_\d{26}/, "{id}");
    this.asked.set(`${method} ${template}`, (this.asked.get(`${method} ${template}`) ?? 0) + 1);
    if (id !== undefined && this.owners.get(id) !== token) this.foreign++;
    const status = method === "POST" ? 201 : 200;
    const text = this.#spoil(`${method} ${template}`, this.#answer(`${method} ${template}`, id, token));
    response.writeHead(status, { "content-length": Buffer.byteLength(text) }).end(text);
  };

  #answer(asked: string, id: string | undefined, token: string): string {
    const about = (): string => JSON.stringify({ object: "list", data: [{ id: "x", payment_id: id }] });
    switch (asked) {
      case "POST /v1/payments": {
        const made = `pay_${String(this.owners.size).padStart(26, "0")}`;
        this.owners.set(made, token);
        return JSON.stringify({ id: made, object: "payment", status: "captured" });
      }
      case "POST /v1/payments/{id}/refunds":
        this.refunds.set(id ?? "", (this.refunds.get(id ?? "") ?? 0) + 1);
        return JSON.stringify({ id: "ref_1", object: "refund" });
      case "GET /v1/payments/{id}":
        return JSON.stringify({ id, object: "payment", status: "captured" });
      case "GET /v1/payments/{id}/refunds":
        return this.refunds.has(id ?? "") ? about() : JSON.stringify({ object: "list", data: [] });
      case "GET /v1/payments/{id}/events":
        return about();
      case "GET /v1/balances":
        return JSON.stringify({ object: "balances", data: [] });
      default:
        return JSON.stringify({ object: "list", data: [] });
    }
  }
}

describe("load run", function () {
  this.timeout(60_000);
  let server: Server;
  let behave: Behaviour;
  let requests = 0;

  before(async () => {
    server = createServer((request, response) => {
      void readBody(request).then((body) =>
        behave(
          {
            key: String(request.headers["x-idempotency-key"]),
            body,
            n: requests++,
            asked: `${request.method} ${request.url}`,
            token: request.headers.authorization ?? "",
          },
          response,
        ),
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
    const mix = { ...FRESH_ONLY, replayEvery: 10, conflictEvery: 50 };
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

  it("counts what was sent in the window when it looks for the capacity, however late that was", async () => {
    const refusing: Behaviour = ({ key, n }, response) => {
      if (n % 10 === 0) response.writeHead(503, { "content-length": 2 }).end("{}");
      else setTimeout(() => created(response, payment(key)), 100);
    };
    const terms = { rate: 2000, warmupS: 1, measureS: 2, connections: 20, capacity: true };
    const result = await load(refusing, terms);
    expect(result.fresh.due, "of 4000 that were due, 200/s could be sent").to.be.within(1, 1999);
    expect(result.fresh.refused).to.be.within(1, result.fresh.due / 2);
    expect(result.fresh.right + result.fresh.refused).to.equal(result.fresh.due);
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

  describe("with reads", () => {
    const mix = { ...READS_MIX, replayEvery: 0, conflictEvery: 0, refundEvery: 20 };

    it("asks for what this run made, with the token of its merchant, and times reads apart", async () => {
      const api = new SmallApi();
      const result = await load(api.behave, { mix, measureS: 2 });
      expect(api.foreign).to.equal(0);
      expect(result.fresh.wrong + result.refunds.wrong + (result.reads?.answers.wrong ?? 1)).to.equal(0);
      expect(result.reads?.answers).to.include({ due: 700, right: 700 });
      expect(result.reads?.latency.count).to.equal(700);
      expect(result.refunds.right).to.be.within(1, 15);
      expect(result.fresh.due + result.refunds.due).to.equal(300);
      expect(result.net.count).to.equal(result.fresh.due);
      expect(api.refunds.size).to.be.above(0);
      for (const { name, path } of READ_KINDS) expect(api.asked.get(`GET ${path}`) ?? 0, name).to.be.above(0);
      const kinds = result.reads?.kinds ?? [];
      expect(kinds.reduce((sum, { answers }) => sum + answers.due, 0)).to.equal(700);
    });

    it("tells the audit of payments and refunds, and of nothing else", async () => {
      const api = new SmallApi();
      const result = await load(api.behave, { mix });
      const traces = result.outcomes.filter((outcome) => outcome !== OUTCOME.none).length;
      expect(traces).to.equal(result.fresh.due + result.refunds.due);
      expect(traces).to.equal(150);
    });

    const stale: readonly (readonly [string, string, (body: string) => string])[] = [
      [
        "a payment that is not captured any more",
        "GET /v1/payments/{id}",
        (body) => body.replace("captured", "pending"),
      ],
      ["somebody else's events", "GET /v1/payments/{id}/events", (body) => body.replace(/pay_\d/, "pay_9")],
      ["a refund that is not listed", "GET /v1/payments/{id}/refunds", () => '{"object":"list","data":[]}'],
      ["a list that is none", "GET /v1/payments", () => "{}"],
    ];
    for (const [what, path, spoil] of stale)
      it(`takes ${what} for a wrong answer`, async () => {
        const api = new SmallApi((asked, body) => (asked === path ? spoil(body) : body));
        const result = await load(api.behave, { mix });
        expect(result.reads?.answers.wrong).to.be.above(0);
        expect(result.reads?.answers.wrong).to.equal(api.asked.get(path));
        expect(result.fresh.wrong).to.equal(0);
      });

    it("counts reads that are never answered as missing, with the longest latency", async () => {
      const api = new SmallApi();
      const behave: Behaviour = (request, response) => {
        if (request.asked !== "GET /v1/balances") api.behave(request, response);
      };
      const result = await load(behave, { mix, connections: 100, drainMs: SHORT_DRAIN_MS });
      expect(result.reads?.answers.unanswered).to.be.above(0);
      expect(result.reads?.latency.maxUs).to.equal(SHORT_DRAIN_MS * 1_000);
      expect(result.fresh.unanswered).to.equal(0);
    });
  });

  it("gives the first merchant its share by Zipf's law, and its own figures", async () => {
    const hits = new Map<string, number>();
    const result = await load(
      ({ key, token }, response) => {
        hits.set(token, (hits.get(token) ?? 0) + 1);
        created(response, payment(key));
      },
      { rate: 1000, tokens: Array.from({ length: 50 }, (_, i) => `t${i}`), spread: { kind: "zipf", firstShare: 0.4 } },
    );
    const first = hits.get("Bearer t0") ?? 0;
    expect(first).to.be.within(320, 480);
    expect(Math.max(...hits.values())).to.equal(first);
    expect(result.firstMerchant.answers).to.include({ due: first, right: first });
    expect(result.firstMerchant.net.count).to.equal(first);
    expect(result.firstMerchant.share).to.be.within(0.2, 0.6);
  });
});
