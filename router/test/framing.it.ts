/**
 * Framing that the HTTP library or the head check refuses (rows 1 to 9). Pinned: what each input gets, that no shard
 * hears of it, and that nothing stays open: the library needs about twelve seconds.
 */
import { expect } from "chai";
import { FRAMING, get, HOST } from "./framing-cases.ts";
import { RawClient } from "./raw-http.ts";
import { startTestServer, type TestServer } from "./rig.ts";

const TIMEOUT_MS = 60_000;
/** The library looks every few seconds whether ten have passed: twelve, and as many more for a machine that stalls. */
const CLOSED_WITHIN_MS = 24_000;

describe("HTTP framing", function () {
  this.timeout(TIMEOUT_MS);
  let rig: TestServer;
  let token: string;
  /** The slow ones wait for the library's time-outs of ten seconds: started together. */
  let started: readonly Promise<void>[] = [];
  before(async () => {
    rig = await startTestServer();
    token = await rig.token("writer");
    started = [refusesAndCloses(), closesOnBadChunks(), closesOnDrips()];
    for (const check of started) check.catch(() => {}); // each is awaited by its test
  });
  after(() => rig.server.close());

  const good = '{"amount":1,"currency":"EUR","payment_method":"tok_visa"}';
  const payment = (framed: string, key = "k"): string =>
    `POST /v1/payments HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\nX-Idempotency-Key: ${key}\r\nContent-Type: application/json\r\n${framed}`;

  it("refuses and closes, and no shard hears of it", () => started[0]);
  it("3: closes on bad chunks, and on a body whose last chunk never comes", () => started[1]);
  it("8: closes on headers and on bodies that drip", () => started[2]);

  async function refusesAndCloses(): Promise<void> {
    const seen = await Promise.all(
      FRAMING.map(async ({ row, name, bytes }) => {
        const client = await RawClient.connect(rig.server.port);
        const startedMs = performance.now();
        client.send(bytes);
        const answer = await client.read();
        await client.ended();
        expect(performance.now() - startedMs, `${row}: ${name} stayed open`).to.be.below(CLOSED_WITHIN_MS);
        return `${row}: ${name}: ${answer?.status ?? null}`;
      }),
    );
    expect(seen).to.deep.equal(FRAMING.map(({ row, name, status }) => `${row}: ${name}: ${status}`));
    expect(rig.submitted).to.have.lengthOf(0);
  }

  async function closesOnBadChunks(): Promise<void> {
    const endings = [
      "zz\r\nabc\r\n0\r\n\r\n",
      `3;${"a".repeat(5_000)}\r\nabc\r\n0\r\n\r\n`,
      `${good.length.toString(16)}\r\n${good}\r\n`,
    ];
    const statuses = await Promise.all(
      endings.map(async (chunks) => {
        const client = await RawClient.connect(rig.server.port);
        client.send(payment(`Transfer-Encoding: chunked\r\n\r\n${chunks}`));
        const answer = await client.read();
        await client.ended();
        return answer?.status ?? null;
      }),
    );
    expect(statuses).to.deep.equal([400, 400, null]);
    expect(rig.submitted).to.have.lengthOf(0);
  }

  async function closesOnDrips(): Promise<void> {
    const slow = [
      payment(`Content-Length: ${good.length}\r\n\r\n${good}`),
      `${payment("Content-Length: 60000\r\n\r\n")}${" ".repeat(60_000)}`,
    ];
    const tookMs = await Promise.all(
      slow.map(async (bytes, i) => {
        const client = await RawClient.connect(rig.server.port);
        const startedMs = performance.now();
        const head = i === 0 ? 20 : bytes.length - 60_000 + 1;
        client.send(bytes.slice(0, head));
        let at = head;
        const drip = setInterval(() => client.send(bytes.slice(at, ++at)), 500);
        await client.ended();
        clearInterval(drip);
        return performance.now() - startedMs;
      }),
    );
    for (const took of tookMs) expect(took).to.be.below(CLOSED_WITHIN_MS);
    expect(rig.submitted).to.have.lengthOf(0);
  }

  it("9: a second request while the first is pending ends the connection; the first goes on and is replayable", async () => {
    rig.hold = [];
    const client = await RawClient.connect(rig.server.port);
    client.send(payment(`Content-Length: ${good.length}\r\n\r\n${good}`, "pipelined"));
    while (rig.hold.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    client.send(get(HOST));
    expect(await client.read()).to.equal(null);
    const [first] = rig.hold;
    rig.hold = null;
    if (first !== undefined) rig.release(first);
    const again = await RawClient.connect(rig.server.port);
    again.send(payment(`Content-Length: ${good.length}\r\n\r\n${good}`, "pipelined"));
    const replayed = await again.read();
    again.close();
    expect([replayed?.status, replayed?.headers.get("idempotent-replayed")]).to.deep.equal([201, "true"]);
  });
});
