import { expect } from "chai";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LoadRun } from "../load-run.ts";
import { OUTCOME } from "../load-terms.ts";
import type { PreparedLoad, PreparedResult } from "../load-terms.ts";
import { UNIFORM } from "../merchant-pick.ts";
import { FRESH_ONLY } from "../mix.ts";
import { PreparedRun, runPrepared } from "../prepared-run.ts";

const RATE = 200;
const SECONDS = { warmupS: 0.5, measureS: 1 } as const;
const TOTAL = RATE * (SECONDS.warmupS + SECONDS.measureS);
const DRAIN_MS = 10_000; // a run ends with its last answer: only what is never answered costs as much
const SHORT_DRAIN_MS = 1_000;

const written = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, k) =>
    Buffer.from(`POST /n/${k} HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n`),
  );
const load = (more: Partial<PreparedLoad> = {}): PreparedLoad => ({
  rate: RATE,
  connections: 20,
  requests: written(TOTAL),
  rightStatus: 200,
  ...more,
});
const answer = (response: ServerResponse, status: number): void =>
  void response.writeHead(status, { "content-length": 2 }).end("ok");

describe("a run of prepared requests", function () {
  this.timeout(60_000);
  let server: Server;
  let behave: (k: number, response: ServerResponse, request: IncomingMessage) => void;
  let port = 0;

  before(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => behave(Number(request.url?.split("/").at(-1)), response, request));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const run = (behaviour: typeof behave, drainMs = DRAIN_MS): Promise<PreparedResult> => {
    behave = behaviour;
    return runPrepared(load(), { address: "127.0.0.1", port, drainMs, ...SECONDS });
  };

  it("sends each once, in order, and times those of the window from when they were due", async () => {
    const seen: number[] = [];
    const result = await run((k, response) => {
      seen.push(k);
      setTimeout(() => answer(response, 200), 30);
    });
    expect(seen.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: TOTAL }, (_, k) => k));
    expect(result.answers).to.deep.equal({ due: RATE, right: RATE, refused: 0, wrong: 0, unanswered: 0, neverSent: 0 });
    expect(result.latency.count).to.equal(RATE);
    expect(result.latency.p50Us).to.be.above(29_000);
    expect(result.faultyInWarmup).to.equal(0);
  });

  it("counts what was refused apart, without its time, and wrong answers with a sample", async () => {
    const result = await run((k, response) => answer(response, k % 10 === 0 ? 503 : k % 10 === 1 ? 401 : 200));
    expect(result.answers).to.deep.equal({
      due: RATE,
      right: 0.8 * RATE,
      refused: 0.1 * RATE,
      wrong: 0.1 * RATE,
      unanswered: 0,
      neverSent: 0,
    });
    expect(result.latency.count).to.equal(0.9 * RATE);
    expect(result.faultyInWarmup).to.equal(10);
    expect(result.samples).to.deep.equal(Array.from({ length: 5 }, () => "401 ok"));
  });

  it("takes the status that was asked for as right, also a refusal", async () => {
    behave = (_, response) => answer(response, 503);
    const terms = { address: "127.0.0.1", port, drainMs: DRAIN_MS, ...SECONDS };
    const result = await runPrepared(load({ rightStatus: 503 }), terms);
    expect(result.answers).to.include({ due: RATE, right: RATE, refused: 0 });
  });

  it("gives what is cut off or never answered the longest time there is", async () => {
    const result = await run((k, response) => {
      if (k === 200) response.destroy();
      else if (k !== 250) answer(response, 200);
    }, SHORT_DRAIN_MS);
    expect(result.answers).to.include({ due: RATE, right: RATE - 2, unanswered: 2 });
    expect(result.latency.maxUs).to.be.at.least(SHORT_DRAIN_MS * 1_000);
  });

  it("counts what found no connection as never sent", async () => {
    behave = () => undefined;
    const terms = { address: "127.0.0.1", port, drainMs: SHORT_DRAIN_MS, ...SECONDS };
    const result = await runPrepared(load({ connections: 5 }), terms);
    expect(result.faultyInWarmup + result.answers.unanswered + result.answers.neverSent).to.equal(TOTAL);
    expect(result.answers).to.include({ due: RATE, unanswered: 0, neverSent: RATE });
  });

  it("refuses a schedule with more requests than are written", () =>
    expect(
      () => new PreparedRun(load({ requests: written(3) }), { address: "h", port: 1, drainMs: 1, ...SECONDS }),
    ).to.throw(`${TOTAL} requests are due, 3 are written`));

  it("goes beside a load of payments, each with its own answers", async () => {
    behave = (k, response, { url }) => {
      if (url === "/v1/payments") response.writeHead(201, { "content-length": 16 }).end('{"id":"payment"}');
      else answer(response, k === 290 ? 500 : 200);
    };
    const both = new LoadRun({
      ...SECONDS,
      rate: 100,
      host: `127.0.0.1:${port}`,
      address: "127.0.0.1",
      port,
      run: "beside",
      tokens: ["a"],
      paymentMethod: "tok_visa",
      bodyBytes: 300,
      connections: 20,
      mix: FRESH_ONLY,
      spread: UNIFORM,
      seed: 1,
      drainMs: DRAIN_MS,
      capacity: false,
      notices: load(),
    });
    await both.connect();
    const result = await both.run(() => undefined);
    expect(result.fresh).to.include({ due: 100, right: 100 });
    expect(result.notices?.answers).to.include({ due: RATE, right: RATE - 1, wrong: 1 });
    expect(result.noticeOutcomes).to.have.length(TOTAL);
    expect(result.noticeOutcomes[290]).to.equal(OUTCOME.wrong);
    expect(result.noticeOutcomes.filter((outcome) => outcome === OUTCOME.accepted)).to.have.length(TOTAL - 1);
  });
});
