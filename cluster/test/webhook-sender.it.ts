/**
 * The sender of webhooks against real sockets: what goes over the wire, and attack 16 of faults.md §5.1. `0.0.0.0` stands
 * for the inside: Linux connects it to this machine, so a guard that fails is seen by the receiver.
 */
import { expect } from "chai";
import type { ServerResponse } from "node:http";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { createWebhookSender, type WebhookOutcome, type WebhookSenderOptions } from "../../actors/webhooks/index.ts";
import { systemClock } from "../clock.ts";
import { until } from "./rig/cluster.ts";
import { RECEIVER_CERTIFICATE, RECEIVER_NAME } from "./rig/receiver-certificate.ts";
import { type Answer, HandClock, type ReceiverOptions, WebhookReceiver } from "./rig/webhook-receiver.ts";

const TIMEOUT_MS = 10_000;
const BODY = Buffer.from('{"id":"evt_1","amount":"1.00 €"}');
const HEADERS = { "webhook-id": "msg_1", "webhook-timestamp": "1750000000", "webhook-signature": "v1,x v1,y" };
const endWith =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end();

const seen = (what: string, holds: () => boolean): Promise<void> => until(what, TIMEOUT_MS, async () => holds());

describe("sender of webhooks", function () {
  this.timeout(2 * TIMEOUT_MS);

  const leftOvers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of leftOvers.splice(0).reverse()) await end();
  });

  const receive = async (answer: Answer, options?: ReceiverOptions): Promise<WebhookReceiver> => {
    const receiver = await WebhookReceiver.start(answer, options);
    leftOvers.push(() => receiver.stop());
    return receiver;
  };
  /** Sends to a URL with the sandbox's rules, unless told otherwise. */
  const sending = (options: Partial<WebhookSenderOptions> = {}): ((url: string) => Promise<WebhookOutcome>) => {
    const sender = createWebhookSender({ allowLoopback: true, clock: systemClock, timeoutMs: TIMEOUT_MS, ...options });
    leftOvers.push(() => sender.close());
    return (url) => sender.send({ url, headers: HEADERS, body: BODY, isQuick: true });
  };
  /** A name server whose answers change; the last one stays. */
  const answering = (...answers: readonly (readonly string[])[]) => {
    const server = {
      asked: 0,
      resolve: async (): Promise<readonly string[]> => answers[Math.min(server.asked++, answers.length - 1)] ?? [],
    };
    return server;
  };

  describe("on the wire", () => {
    it("posts the exact bytes with the headers that it was given, and its own two", async () => {
      const receiver = await receive(endWith(204));
      const outcome = await sending()(`http://127.0.0.1:${receiver.port}/hooks?shop=1`);
      expect(outcome).to.include({ kind: "answered", status: 204, retryAfterMs: null });
      expect(outcome).to.have.property("tookMs").that.is.a("number").and.at.least(0);
      const [one] = receiver.received;
      expect(one).to.include({ method: "POST", path: "/hooks?shop=1" });
      expect(one?.headers).to.deep.equal({
        ...HEADERS,
        host: `127.0.0.1:${receiver.port}`,
        connection: "keep-alive",
        "content-length": String(BODY.length),
        "content-type": "application/json",
        "user-agent": "payment-cluster-webhooks/1",
      });
      expect(one?.body.equals(BODY)).to.equal(true);
    });

    it("sends several times over one socket, and closes it when it is idle, whatever the receiver offers", async () => {
      const receiver = await receive(endWith(200, { "keep-alive": "timeout=600" }));
      const send = sending({ originSocketsMax: 1 });
      for (let i = 0; i < 3; i++) await send(`http://127.0.0.1:${receiver.port}/`);
      expect([receiver.received.length, receiver.connections]).to.deep.equal([3, 1]);
      await seen("the idle socket is closed", () => receiver.ended === 1);
    });

    it("tells what a receiver asks for with Retry-After", async () => {
      const receiver = await receive(endWith(429, { "retry-after": "17" }));
      expect(await sending()(`http://127.0.0.1:${receiver.port}/`)).to.include({ status: 429, retryAfterMs: 17_000 });
    });

    it("takes the last status for the answer, not an early hint", async () => {
      const receiver = await receive((response) =>
        response.writeEarlyHints({ link: "</a>; rel=preload" }, () => response.writeHead(500).end()),
      );
      expect(await sending()(`http://127.0.0.1:${receiver.port}/`)).to.include({ kind: "answered", status: 500 });
    });
  });

  describe("attack 16, SSRF by a webhook URL", () => {
    for (const status of [301, 302, 303, 307, 308])
      it(`follows no redirect (${status})`, async () => {
        const inside = await receive(endWith(200));
        const outside = await receive(endWith(status, { location: `http://127.0.0.1:${inside.port}/` }));
        expect(await sending()(`http://127.0.0.1:${outside.port}/`)).to.include({ kind: "answered", status });
        expect(inside.connections).to.equal(0);
      });

    const inner: readonly string[] = ["0.0.0.0", "::", "::ffff:0.0.0.0"];
    for (const address of inner)
      it(`refuses a name that leads to ${address}, and opens no socket`, async () => {
        const receiver = await receive(endWith(200));
        const send = sending({ resolve: answering([address]).resolve });
        const refused = { kind: "refused", reason: "address_not_allowed" };
        expect(await send(`http://${RECEIVER_NAME}:${receiver.port}/`)).to.deep.equal(refused);
        const literal = address.includes(":") ? `[${address}]` : address;
        expect(await send(`http://${literal}:${receiver.port}/`)).to.deep.equal(refused);
        expect(receiver.connections).to.equal(0);
      });

    const world: readonly (readonly [url: string, reason: string])[] = [
      [`https://${RECEIVER_NAME}:8443/`, "address_not_allowed"], // its name server says 127.0.0.1
      ["https://127.1/", "address_not_allowed"],
      ["https://[::ffff:127.0.0.1]/", "address_not_allowed"],
      ["https://169.254.169.254/latest/meta-data/", "address_not_allowed"],
      ["https://localhost/", "url_not_allowed"],
      [`http://${RECEIVER_NAME}/`, "url_not_allowed"],
      [`https://${RECEIVER_NAME}:22/`, "url_not_allowed"],
      ["no url", "url_not_allowed"],
    ];
    for (const [url, reason] of world)
      it(`outside the sandbox refuses ${url}`, async () => {
        const send = sending({ allowLoopback: false, resolve: answering(["127.0.0.1"]).resolve });
        expect(await send(url)).to.deep.equal({ kind: "refused", reason });
      });

    it("refuses a name with one inner address among good ones", async () => {
      const receiver = await receive(endWith(200));
      const send = sending({ resolve: answering(["127.0.0.1", "0.0.0.0"]).resolve });
      expect(await send(`http://${RECEIVER_NAME}:${receiver.port}/`)).to.include({ reason: "address_not_allowed" });
      expect(receiver.connections).to.equal(0);
    });

    it("connects to the address that was judged, not to what the name says a moment later", async () => {
      const judged = await receive(endWith(200));
      const later = await receive(endWith(200), { host: "127.0.0.2", port: judged.port });
      const names = answering(["127.0.0.1"], ["127.0.0.2"]);
      const send = sending({ resolve: names.resolve, originSocketsMax: 1 });
      for (let i = 0; i < 2; i++)
        expect(await send(`http://${RECEIVER_NAME}:${judged.port}/`)).to.include({ kind: "answered" });
      expect([judged.received.length, later.connections, names.asked], "one socket, one question").to.deep.equal([
        2, 0, 1,
      ]);
    });

    it("judges the name again when it opens the next socket", async () => {
      const receiver = await receive(endWith(200, { connection: "close" }));
      const send = sending({ resolve: answering(["127.0.0.1"], ["0.0.0.0"]).resolve });
      const url = `http://${RECEIVER_NAME}:${receiver.port}/`;
      expect(await send(url)).to.include({ kind: "answered" });
      await seen("the socket is closed", () => receiver.ended === 1);
      expect(await send(url)).to.deep.equal({ kind: "refused", reason: "address_not_allowed" });
      expect(receiver.connections).to.equal(1);
    });

    it("reaches IPv6 receivers: literal, by name, and behind an IPv4 address where nobody listens", async function (): Promise<void> {
      const receiver = await receive(endWith(200), { host: "::1" }).catch(() => null);
      if (receiver === null) this.skip(); // no IPv6 on this machine
      expect(await sending()(`http://[::1]:${receiver.port}/`)).to.include({ kind: "answered" });
      for (const addresses of [["::1"], ["127.0.0.1", "::1"]]) {
        const send = sending({ resolve: answering(addresses).resolve });
        expect(await send(`http://${RECEIVER_NAME}:${receiver.port}/`), addresses.join()).to.include({
          kind: "answered",
        });
      }
    });
  });

  describe("receivers that harm", () => {
    it("reads no more of an answer than its bound, and takes its status", async () => {
      const chunk = Buffer.alloc(65_536);
      const receiver = await receive((response) => {
        const flood = (): void => {
          while (!response.destroyed && response.write(chunk)); // has no end
        };
        response.on("drain", flood).writeHead(200);
        flood();
      });
      const outcome = await sending({ clock: new HandClock() })(`http://127.0.0.1:${receiver.port}/`);
      expect(outcome).to.include({ kind: "answered", status: 200 });
      await seen("the socket is closed", () => receiver.ended === 1);
    });

    const drips: readonly (readonly [what: string, drip: (response: ServerResponse) => void])[] = [
      ["body", (response) => response.write("x")],
      ["early hints", (response) => response.writeEarlyHints({ link: "</a>; rel=preload" })],
    ];
    for (const [what, drip] of drips)
      it(`ends a drip of ${what} when the whole time is over`, async () => {
        const clock = new HandClock();
        const answers: ServerResponse[] = [];
        const receiver = await receive((response) => answers.push(response));
        const outcome = sending({ clock })(`http://127.0.0.1:${receiver.port}/`);
        await seen("the request is there", () => answers.length === 1);
        for (let i = 0; i < 3; i++) {
          await new Promise<void>((written) => {
            drip(answers[0] as ServerResponse);
            setImmediate(written);
          });
          clock.advance(TIMEOUT_MS / 4);
        }
        expect(await Promise.race([outcome, Promise.resolve("still waiting")])).to.equal("still waiting");
        clock.advance(TIMEOUT_MS / 4);
        expect(await outcome).to.deep.equal({ kind: "failed", reason: "timeout" });
        await seen("the socket is closed", () => receiver.ended === 1);
        expect(receiver.received).to.have.lengthOf(1);
      });

    it("ends in time when a name server never answers, and sends nothing later", async () => {
      const clock = new HandClock();
      const receiver = await receive(endWith(200));
      let tell: (addresses: readonly string[]) => void = () => {};
      const send = sending({ clock, resolve: () => new Promise((resolve) => (tell = resolve)) });
      const outcome = send(`http://${RECEIVER_NAME}:${receiver.port}/`);
      clock.advance(TIMEOUT_MS);
      expect(await outcome).to.deep.equal({ kind: "failed", reason: "timeout" });
      tell(["127.0.0.1"]);
      await seen("the late socket is open", () => receiver.connections === 1);
      expect(await sending()(`http://127.0.0.1:${receiver.port}/`)).to.include({ kind: "answered" });
      expect(receiver.received, "only the other one").to.have.lengthOf(1);
    });

    const broken: readonly (readonly [name: string, reason: string, answer: Answer])[] = [
      ["hangs up without an answer", "connection_lost", (response) => response.destroy()],
      [
        "hangs up in its answer",
        "connection_lost",
        (response) => response.writeHead(200, { "content-length": "9" }).write("x", () => response.destroy()),
      ],
      ["answers no HTTP", "connection_lost", (response) => response.socket?.end("hello\r\n\r\n")],
      [
        "switches protocols",
        "connection_lost",
        (response) => response.socket?.end("HTTP/1.1 101 ok\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
      ],
    ];
    for (const [name, reason, answer] of broken)
      it(`sends once to a receiver that ${name}`, async () => {
        const receiver = await receive(answer);
        expect(await sending()(`http://127.0.0.1:${receiver.port}/`)).to.deep.equal({ kind: "failed", reason });
        expect(receiver.received).to.have.lengthOf(1);
      });

    it("tells a closed port and a name without an address", async () => {
      const gone = await WebhookReceiver.start(endWith(200));
      const { port } = gone;
      await gone.stop();
      expect(await sending()(`http://127.0.0.1:${port}/`)).to.deep.equal({
        kind: "failed",
        reason: "connection_failed",
      });
      const send = sending({ resolve: answering([]).resolve });
      expect(await send(`http://${RECEIVER_NAME}:${port}/`)).to.deep.equal({
        kind: "failed",
        reason: "name_not_resolved",
      });
    });

    it("keeps a receiver that hangs to its share, and the others go on", async () => {
      const waiting: ServerResponse[] = [];
      const slow = await receive((response) => waiting.push(response));
      const quick = await receive(endWith(200));
      const send = sending({ originSocketsMax: 2 });
      const url = `http://127.0.0.1:${slow.port}/`;
      const held = [send(url), send(url)];
      expect(await send(url)).to.deep.equal({ kind: "failed", reason: "busy" });
      expect(await send(`http://127.0.0.1:${quick.port}/`)).to.include({ kind: "answered" });
      await seen("both are there", () => waiting.length === 2);
      for (const response of waiting) response.end();
      for (const one of await Promise.all(held)) expect(one).to.include({ kind: "answered" });
      const next = send(url);
      await seen("the next one is there", () => waiting.length === 3);
      waiting[2]?.end();
      expect(await next).to.include({ kind: "answered", status: 200 });
    });

    it("gives back the share of those who failed", async () => {
      const receiver = await receive((response) => response.destroy());
      const send = sending({ originSocketsMax: 1, resolve: answering(["0.0.0.0"]).resolve });
      for (let i = 0; i < 3; i++) {
        expect(await send(`http://127.0.0.1:${receiver.port}/`)).to.include({ reason: "connection_lost" });
        expect(await send(`http://${RECEIVER_NAME}:${receiver.port}/`)).to.include({ reason: "address_not_allowed" });
      }
    });
  });

  describe("TLS", () => {
    const trusted = getCACertificates("default");
    afterEach(() => setDefaultCACertificates(trusted));

    it("sends nothing to a certificate that nobody signed", async () => {
      const receiver = await receive(endWith(200), { tls: true });
      const send = sending({ resolve: answering(["127.0.0.1"]).resolve });
      const outcome = await send(`https://${RECEIVER_NAME}:${receiver.port}/`);
      expect(outcome).to.deep.equal({ kind: "failed", reason: "tls_failed" });
      expect(receiver.received).to.have.lengthOf(0);
    });

    it("checks the certificate against the name, while the socket goes to the judged address", async () => {
      setDefaultCACertificates([...trusted, RECEIVER_CERTIFICATE]);
      const receiver = await receive(endWith(200), { tls: true });
      const send = sending({ resolve: answering(["127.0.0.1"]).resolve });
      expect(await send(`https://${RECEIVER_NAME}:${receiver.port}/`)).to.include({ kind: "answered", status: 200 });
      for (const other of ["other.example", "127.0.0.1"])
        expect(await send(`https://${other}:${receiver.port}/`), other).to.include({ reason: "tls_failed" });
      expect(receiver.received).to.have.lengthOf(1);
    });
  });

  it("ends what is on its way when it is closed, and sends nothing after", async () => {
    const receiver = await receive(() => {});
    const sender = createWebhookSender({ allowLoopback: true, clock: systemClock });
    const request = { url: `http://127.0.0.1:${receiver.port}/`, headers: HEADERS, body: BODY, isQuick: true };
    const outcome = sender.send(request);
    await seen("the request is there", () => receiver.received.length === 1);
    await sender.close();
    const closed = { kind: "failed", reason: "closed" };
    expect(await outcome).to.deep.equal(closed);
    expect(await sender.send(request)).to.deep.equal(closed);
  });

  it("does not throw what undici throws", async () => {
    const sender = createWebhookSender({ allowLoopback: true, clock: systemClock });
    leftOvers.push(() => sender.close());
    const headers = { "webhook-id": "a\r\nb: c" };
    expect(await sender.send({ url: "http://127.0.0.1:9/", headers, body: BODY, isQuick: true })).to.include({
      kind: "failed",
    });
  });
});
