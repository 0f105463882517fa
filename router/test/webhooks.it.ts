/** The gateways' door over real sockets, with the real readers and an intake that the test plays. */
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { expect } from "chai";
import type { GatewayNotice } from "../../actors/index.ts";
import { type HttpServerOptions, type NoticeIntake, WEBHOOK_BODY_MAX_BYTES } from "../index.ts";
import { type BadNotice, badNotices } from "./bad-notices.ts";
import { PAN } from "./bad-input-case.ts";
import { exchange, type RawAnswer, RawClient } from "./raw-http.ts";
import { realClock, startTestServer, type TestServer } from "./rig.ts";
import { adyenDelivery, adyenItem, READERS, stripeEvent, stripeMac, stripeSignature } from "./signed-notices.ts";

type Done = (taken: boolean) => void;

/** Takes what it is given, unless `play` is set. */
class PlayedIntake implements NoticeIntake {
  readonly readers = READERS;
  readonly delivered: (readonly GatewayNotice[])[] = [];
  play: ((notices: readonly GatewayNotice[], done: Done) => void) | null = null;

  deliver(notices: readonly GatewayNotice[], done: Done): void {
    this.delivered.push(notices);
    if (this.play === null) setImmediate(() => done(true));
    else this.play(notices, done);
  }
}

const requestOf = (gateway: string, body: string | Uint8Array, headers: Readonly<Record<string, string>>): Buffer => {
  const lines = [`POST /v1/webhooks/${gateway} HTTP/1.1`, "Host: a"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), Buffer.from(body)]);
};
const TYPE = { "Content-Type": "application/json" };
const stripeRequest = (body = stripeEvent(), more: Readonly<Record<string, string>> = {}): Buffer =>
  requestOf("stripe", body, { ...TYPE, "Stripe-Signature": stripeSignature(body), ...more });
const adyenRequest = (): Buffer => requestOf("adyen", adyenDelivery([adyenItem()]), TYPE);
const codeOf = (answer: RawAnswer | null): unknown =>
  (JSON.parse(answer?.body.toString() ?? "null") as { readonly code?: string } | null)?.code;
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await nextTurn();
};

describe("gateways' door", function () {
  this.timeout(60_000);
  const intake = new PlayedIntake();
  let rig: TestServer;
  const start = (options: Partial<HttpServerOptions> = {}) => startTestServer({ webhooks: intake, ...options });
  const send = (bytes: Buffer): Promise<RawAnswer | null> => exchange(rig.server.port, bytes);

  before(async () => {
    rig = await start();
  });
  after(() => rig.server.close());
  beforeEach(() => {
    intake.delivered.length = 0;
    intake.play = null;
    rig.noticed.length = 0;
    rig.acknowledged.length = 0;
    rig.counted.length = 0;
    rig.submitted.length = 0;
  });

  describe("bad input", () => {
    for (const [i, { row, name }] of badNotices().entries())
      it(`${row}: ${name}`, async () => {
        // Signed now: what was signed when the tests were read may be too old by then.
        const { gateway, body, headers, status, code, notices } = badNotices()[i] as BadNotice;
        const answer = await send(requestOf(gateway, body, headers));
        expect([answer?.status, code === null ? null : codeOf(answer)], answer?.body.toString()).to.deep.equal([
          status,
          code,
        ]);
        expect(answer?.headers.get("request-id")).to.match(/^req_[0-9a-f]{24}$/);
        if (status === 401) expect(answer?.headers.get("www-authenticate")).to.equal('Signature realm="webhooks"');
        const handedOn = intake.delivered.flat();
        expect(handedOn).to.have.lengthOf(notices.length);
        for (const [i, members] of notices.entries())
          for (const [member, value] of Object.entries(members))
            expect(handedOn[i]?.[member as keyof GatewayNotice], member).to.deep.equal(value);
        expect(intake.delivered.length, "a delivery is handed on whole").to.equal(notices.length === 0 ? 0 : 1);
        expect(rig.submitted, "no merchant's shard is asked").to.have.lengthOf(0);
      });

    it("67: the same event with other content is handed on as such", async () => {
      for (const amount of [1, 2]) {
        const body = stripeEvent({ data: { object: { id: "pi_1", object: "payment_intent", amount } } });
        expect((await send(stripeRequest(body)))?.status).to.equal(200);
      }
      const [one, two] = intake.delivered.flat();
      expect(one?.dedupeKey).to.equal(two?.dedupeKey);
      expect(one?.bodyHash).not.to.equal(two?.bodyHash);
    });
    it("72: success that is no word of Adyen's claims nothing", async () => {
      for (const success of ["TRUE", undefined])
        await send(requestOf("adyen", adyenDelivery([adyenItem({ success })]), TYPE));
      expect(intake.delivered.flat().map(({ claim }) => claim.kind)).to.deep.equal(["unclear", "unclear"]);
    });
  });

  it("acknowledges in the words that each gateway looks for, and counts", async () => {
    const stripe = await send(stripeRequest());
    expect([stripe?.status, stripe?.headers.get("content-type"), stripe?.body.toString()]).to.deep.equal([
      200,
      "application/json",
      '{"received":true}',
    ]);
    const adyen = await send(requestOf("adyen", adyenDelivery([adyenItem(), adyenItem()]), TYPE));
    expect([adyen?.status, adyen?.headers.get("content-type"), adyen?.body.toString()]).to.deep.equal([
      200,
      "text/plain",
      "[accepted]",
    ]);
    await send(stripeRequest(stripeEvent(), { "Stripe-Signature": "t=1,v1=00" }));
    await send(stripeRequest("{"));
    expect(rig.noticed).to.deep.equal([
      ["stripe", "taken", 1],
      ["adyen", "taken", 2],
      ["stripe", "invalid_signature", 1],
      ["stripe", "malformed", 1],
    ]);
    expect(rig.acknowledged).to.deep.equal(["stripe", "adyen"]);
    expect(rig.counted.map(([route, status]) => `${route} ${status}`)).to.deep.equal([
      "stripe_webhook 200",
      "adyen_webhook 200",
      "stripe_webhook 401",
      "stripe_webhook 400",
    ]);
  });

  it("answers only when the notice is on disk", async () => {
    let finish: Done = () => {};
    intake.play = (_, done) => (finish = done);
    const client = await RawClient.connect(rig.server.port);
    client.send(adyenRequest());
    await until(() => intake.delivered.length === 1);
    // A request that is answered meanwhile shows that the server had its turn.
    expect((await send(Buffer.from("GET /nope HTTP/1.1\r\nHost: a\r\n\r\n")))?.status).to.equal(404);
    expect([rig.acknowledged, rig.server.openCount]).to.deep.equal([[], 1]);
    finish(true);
    expect((await client.read())?.status).to.equal(200);
    client.close();
  });

  it("answers 503 when no shard takes it, so that the gateway sends it again", async () => {
    intake.play = (_, done) => done(false);
    const answer = await send(adyenRequest());
    expect([answer?.status, codeOf(answer), answer?.headers.get("retry-after")]).to.deep.equal([
      503,
      "shard_unavailable",
      "1",
    ]);
    expect([rig.noticed, rig.acknowledged]).to.deep.equal([[["adyen", "not_taken", 1]], []]);
    intake.play = null;
    expect((await send(adyenRequest()))?.status).to.equal(200);
  });

  it("answers 503 when the intake fails, and once when it is told twice", async () => {
    intake.play = () => {
      throw new Error("a bug");
    };
    expect((await send(stripeRequest()))?.status).to.equal(503);
    intake.play = (_, done) => {
      done(true);
      done(false);
    };
    expect((await send(stripeRequest()))?.status).to.equal(200);
    expect(rig.noticed).to.deep.equal([
      ["stripe", "not_taken", 1],
      ["stripe", "taken", 1],
    ]);
  });

  it("verifies the bytes as they came: in pieces, in chunks, with any bytes inside", async () => {
    const body = Buffer.from(stripeEvent({ note: "naïve 😀 \\u00e9 \\/" }));
    const client = await RawClient.connect(rig.server.port);
    const whole = requestOf("stripe", body, { ...TYPE, "Stripe-Signature": stripeSignature(body) });
    for (let at = 0; at < whole.length; at += 7) client.send(whole.subarray(at, at + 7));
    expect((await client.read())?.status).to.equal(200);
    client.send(
      `POST /v1/webhooks/stripe HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nStripe-Signature: ${stripeSignature(body)}\r\n` +
        "Transfer-Encoding: chunked\r\n\r\n",
    );
    for (let at = 0; at < body.length; at += 50) {
      const part = body.subarray(at, at + 50);
      client.send(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]));
    }
    client.send("0\r\n\r\n");
    expect((await client.read())?.status).to.equal(200);
    client.close();
    expect(new Set(intake.delivered.flat().map(({ bodyHash }) => bodyHash)).size).to.equal(1);
  });

  it("takes a batch that is larger than what merchants may send", async () => {
    const items = Array.from({ length: 900 }, (_, i) => adyenItem({ pspReference: `PSP${i}` }));
    const body = adyenDelivery(items);
    expect(body.length).to.be.within(300_000, 1_000_000);
    expect((await send(requestOf("adyen", body, TYPE)))?.status).to.equal(200);
    expect(intake.delivered[0]).to.have.lengthOf(900);
  });

  it("stops reading a chunked body at the limit", async () => {
    const client = await RawClient.connect(rig.server.port);
    client.send(
      "POST /v1/webhooks/adyen HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(65_536, " "), Buffer.from("\r\n")]);
    for (let i = 0; i < 17; i++) client.send(chunk);
    expect((await client.read())?.status).to.equal(413);
    await client.ended();
  });

  it("does not look for card numbers where gateways write, but in the URL", async () => {
    const body = stripeEvent({ description: `order ${PAN}` });
    expect((await send(stripeRequest(body, { "X-Trace": PAN })))?.status).to.equal(200);
    const url = stripeRequest(body).toString("latin1").replace("/v1/webhooks/stripe", `/v1/webhooks/stripe?a=${PAN}`);
    expect(codeOf(await send(Buffer.from(url, "latin1")))).to.equal("card_data_not_accepted");
  });

  it("takes a signature whose digits look like a card number for a signature", async () => {
    const body = stripeEvent();
    const t = Math.floor(Date.now() / 1000);
    const header = `t=${t},v1=${PAN},v1=${stripeMac(body, t)}`;
    expect((await send(requestOf("stripe", body, { ...TYPE, "Stripe-Signature": header })))?.status).to.equal(200);
  });

  it("closes the connection on two signatures of which an intermediary may have believed either", async () => {
    const bytes = stripeRequest().toString("latin1").replace("\r\n\r\n", "\r\nStripe-Signature: t=1,v1=00\r\n\r\n");
    const answer = await send(Buffer.from(bytes, "latin1"));
    expect([answer?.status, codeOf(answer)]).to.deep.equal([400, "invalid_request"]);
    expect(intake.delivered).to.have.lengthOf(0);
  });

  it("asks for no token, and does not take one for a signature", async () => {
    const body = stripeEvent();
    const headers = { ...TYPE, Authorization: `Bearer ${await rig.token("writer")}` };
    expect((await send(requestOf("stripe", body, headers)))?.status).to.equal(401);
  });

  it("serves on after 500 senders that left right after the body, and loses none that was handed on", async () => {
    const leave = async (): Promise<void> => {
      const client = await RawClient.connect(rig.server.port);
      client.send(stripeRequest());
      client.close();
    };
    for (let i = 0; i < 500; i += 50) await Promise.all(Array.from({ length: 50 }, leave));
    const ended = () => rig.counted.filter(([route]) => route === "stripe_webhook").length;
    await until(() => ended() === 500);
    expect(rig.server.openCount).to.equal(0);
    await until(() => rig.noticed.length === intake.delivered.length);
    expect(rig.noticed.every(([, result]) => result === "taken")).to.equal(true);
    expect((await send(stripeRequest()))?.status).to.equal(200);
  });

  it("goes on with what was handed on when its sender leaves", async () => {
    let finish: Done = () => {};
    intake.play = (_, done) => (finish = done);
    const client = await RawClient.connect(rig.server.port);
    client.send(adyenRequest());
    await until(() => intake.delivered.length === 1);
    client.close();
    await until(() => rig.server.openCount === 0);
    finish(true);
    expect([rig.noticed, rig.acknowledged]).to.deep.equal([[["adyen", "taken", 1]], []]);
    expect(rig.counted).to.deep.equal([["adyen_webhook", 0]]);
  });

  it("hands nothing on of a body that broke off", async () => {
    const client = await RawClient.connect(rig.server.port);
    const bytes = stripeRequest();
    client.send(bytes.subarray(0, bytes.length - 1));
    await until(() => rig.server.openCount === 1);
    client.close();
    await until(() => rig.server.openCount === 0);
    expect(intake.delivered).to.have.lengthOf(0);
  });

  it("bounds what unknown senders may make it remember, and gives it back when they leave", async () => {
    const part = Buffer.alloc(1_000_000, " ");
    const head = `POST /v1/webhooks/adyen HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000001\r\n\r\n`;
    const clients = await Promise.all(Array.from({ length: 72 }, () => RawClient.connect(rig.server.port)));
    for (const client of clients) {
      client.send(head);
      client.send(part);
    }
    let refused: RawAnswer | null = null;
    const full = requestOf("adyen", Buffer.alloc(900_000, " "), TYPE);
    while (refused?.status !== 503) refused = await send(full);
    expect([codeOf(refused), refused.headers.get("retry-after")]).to.deep.equal(["overloaded", "1"]);
    for (const client of clients) client.close();
    await until(() => rig.server.openCount === 0);
    expect((await send(full))?.status, "it is read again").to.equal(400);
  });

  it("takes no place from others for an address whose bodies never end, and ends those", async () => {
    const size = WEBHOOK_BODY_MAX_BYTES;
    const head = [
      "POST /v1/webhooks/stripe HTTP/1.1",
      "Host: a",
      "Content-Type: application/json",
      "Stripe-Signature: t=1,v1=00",
    ];
    const bytes = `${head.join("\r\n")}\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size - 8)}`;
    let ended = 0;
    const stalled = Array.from({ length: 64 }, () => {
      const socket = connect({ port: rig.server.port, host: "127.0.0.1", localAddress: "127.0.0.2" }, () =>
        socket.write(bytes),
      );
      socket.on("error", () => {});
      socket.on("close", () => ended++);
      socket.resume();
      return socket;
    });
    await until(() => ended >= 50); // there is no room for more than a few of one address
    expect((await send(stripeRequest()))?.status).to.equal(200);
    await until(() => ended === stalled.length);
    expect((await send(stripeRequest()))?.status).to.equal(200);
  });

  it("knows no path of a gateway without a reader", async () => {
    const [stripeReader] = READERS;
    if (stripeReader === undefined) throw new Error("there is a reader");
    const only = await start({ webhooks: { readers: [stripeReader], deliver: (_, done) => done(true) } });
    const none = await start({ webhooks: null });
    const answers = [
      await exchange(only.server.port, stripeRequest()),
      await exchange(only.server.port, adyenRequest()),
      await exchange(none.server.port, stripeRequest()),
      await exchange(none.server.port, requestOf("nobody", "{}", TYPE)),
    ];
    only.server.close();
    none.server.close();
    expect(answers.map((answer) => answer?.status)).to.deep.equal([200, 404, 404, 404]);
    const bodies = answers.slice(1).map((answer) => answer?.body.toString().replace(/req_[0-9a-f]+/, ""));
    expect(new Set(bodies).size, "like an unknown one").to.equal(1);
  });

  it("finishes what was handed on when the server stops, and refuses what comes", async () => {
    let finish: Done = () => {};
    const stopping = await start({ webhooks: { readers: READERS, deliver: (_, done) => (finish = done) } });
    const client = await RawClient.connect(stopping.server.port);
    const late = await RawClient.connect(stopping.server.port);
    client.send(adyenRequest());
    await until(() => stopping.server.openCount === 1);
    const drained = stopping.server.drain(10_000);
    late.send(adyenRequest());
    expect((await late.read())?.status).to.equal(503);
    finish(true);
    expect((await client.read())?.status).to.equal(200);
    await drained;
  });

  it("closes the connection when nobody says what became of it", async () => {
    const silent = await start({
      webhooks: { readers: READERS, deliver: () => {} },
      answerDeadlineMs: 1,
      clock: { ...realClock, monotonicMs: () => performance.now() * 100 },
    });
    expect(await exchange(silent.server.port, adyenRequest())).to.equal(null);
    silent.server.close();
  });

  it("weighs a quarter of a request against its address", async () => {
    const limited = await start({
      edgeRequestsPerSecond: 2,
      clock: { nowMs: () => Date.now(), monotonicMs: () => 1_000, after: () => () => {} },
    });
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await exchange(limited.server.port, adyenRequest()))?.status);
    limited.server.close();
    expect(statuses).to.deep.equal([200, 200, 200, 200, 200, 429, 429, 429]);
  });
});
