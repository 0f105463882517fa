/** The way between nodes, over real sockets: what arrives, in which order, and that every ticket ends once. */
import { expect } from "chai";
import type { PeerAnswer, PeerRequest } from "../../actors/wire/index.ts";
import { systemClock } from "../clock.ts";
import { OPEN_REQUESTS_MAX } from "../peers/outgoing-stream.ts";
import { until } from "./rig/cluster.ts";
import { PeerRig, WITHIN_MS } from "./rig/peer-rig.ts";
import { echo, replyTo, requestOf } from "./rig/peers.ts";

describe("peers that answer", function () {
  this.timeout(60_000);
  const rig = new PeerRig();
  afterEach(() => rig.dispose());

  it("get 10,000 requests in order, and each of them one end", async () => {
    const arrived: PeerRequest[] = [];
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (from, items, answer) => {
          expect(from).to.deep.equal({ node: "node-1", process: "p1" });
          arrived.push(...items);
          echo.onRequests(from, items, answer);
        },
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    expect(watched.link.peer).to.deep.equal({ node: "node-2", process: "p2" });
    for (let ticket = 1; ticket <= 10_000; ticket++) expect(watched.send(requestOf(ticket))).to.equal(true);
    await rig.ended(watched);
    expect(watched.tally).to.deep.equal({ answered: 10_000, unknown: 0, unsent: 0, twice: 0 });
    expect(arrived.map(({ request }) => request.ticket)).to.deep.equal(Array.from({ length: 10_000 }, (_, i) => i + 1));
    expect(watched.link.openRequests).to.equal(0);
    const [first] = watched.answers;
    expect(first?.kind === "reply" && [...first.reply.body]).to.deep.equal(Array.from({ length: 300 }, () => 1));
  });

  it("carry bodies that are larger than a batch, and say of an answer that no message holds that nothing is known", async () => {
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (_, items, answer) =>
          items.forEach((item) =>
            answer(replyTo(item, item.request.ticket === 2 ? { body: new Uint8Array(9 * 1024 * 1024) } : {})),
          ),
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    watched.send(requestOf(1, 5 * 1024 * 1024));
    watched.send(requestOf(2, 10));
    watched.send(requestOf(3, 10));
    expect(watched.send(requestOf(4, 9 * 1024 * 1024)), "no message holds it").to.equal(false);
    await rig.ended(watched);
    const replies = watched.answers.flatMap((answer) => (answer.kind === "reply" ? [answer.reply] : []));
    expect(replies.map(({ status, body }) => [status, body.length])).to.deep.equal([
      [201, 5 * 1024 * 1024],
      [0, 0],
      [201, 10],
    ]);
  });

  it("hear no more of a ticket than its first answer", async () => {
    const answerAgain: (() => void)[] = [];
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (_, items, answer) => {
          for (const item of items) {
            answer(replyTo(item));
            answerAgain.push(() =>
              answer({ kind: "refused", ticket: item.request.ticket, reason: "moving", generation: 8n }),
            );
          }
        },
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    watched.send(requestOf(1));
    await rig.ended(watched);
    for (const again of answerAgain) again();
    watched.send(requestOf(2)); // its answer comes after the second one to the first
    await rig.ended(watched);
    expect(watched.tally).to.include({ answered: 2, twice: 0 });
  });

  it("carry refusals with what the receiver knows of the shard, notices, receipts and facts", async () => {
    const heard: unknown[] = [];
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (_, items, answer) =>
          items.forEach(({ request: { ticket } }) =>
            answer({ kind: "refused", ticket, reason: "notOwner", generation: 12n }),
          ),
        onFacts: (_, facts) => heard.push(...facts),
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    const claim = { kind: "captured" as const };
    const notice = {
      gateway: "stripe" as const,
      account: "main",
      dedupeKey: "evt_1",
      bodyHash: "00",
      type: "charge.captured",
      operationId: null,
      paymentId: null,
      paymentReference: null,
      reference: null,
      amount: "5",
      currency: "EUR",
      claim,
    };
    const { link } = watched;
    watched.send(requestOf(1));
    expect(
      link.sendNotice({ shard: 1, generation: 7n, delivery: { ticket: 9, notice, slot: 3, spool: false } }),
    ).to.equal(true);
    const fact = {
      shard: 2,
      generation: 7n,
      answer: {
        operationId: "op_01h455vb4pex5vsknk084sn02q" as never,
        paymentId: "pay_01h455vb4pex5vsknk084sn02q" as never,
        try: 1,
        action: "execute" as const,
        observation: { kind: "captured" as const, reference: "ch_1" },
        tookMs: 5,
      },
    };
    expect(link.sendFact(fact)).to.equal(true);
    await until("all arrived", WITHIN_MS, async () => watched.answers.length === 2 && heard.length === 1);
    const byKind = watched.answers.toSorted((a, b) => a.kind.localeCompare(b.kind));
    expect(byKind).to.deep.equal([
      { kind: "receipt", receipt: { ticket: 9, taken: true } },
      { kind: "refused", ticket: 1, reason: "notOwner", generation: 12n },
    ] satisfies PeerAnswer[]);
    expect(heard).to.deep.equal([fact]);
  });

  it("take no ticket twice, and no more than they may owe; a count is owed nothing", async () => {
    const held: (() => void)[] = [];
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (_, items, answer) => items.forEach((item) => held.push(() => answer(replyTo(item)))),
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    const count = requestOf(1);
    const { requestId, merchantId, receivedAtMs } = count.request;
    const asked = { ticket: 1, requestId, merchantId, receivedAtMs, rate: null };
    expect(watched.link.sendRequest({ ...count, request: { kind: "count", ...asked } })).to.equal(true);
    expect(watched.link.openRequests).to.equal(0);
    expect(watched.send(requestOf(1))).to.equal(true);
    expect(watched.send(requestOf(1))).to.equal(false);
    for (let ticket = 2; ticket <= OPEN_REQUESTS_MAX; ticket++) watched.send(requestOf(ticket, 10));
    expect(watched.send(requestOf(OPEN_REQUESTS_MAX + 1))).to.equal(false);
    await until("all arrived", WITHIN_MS, async () => held.length > OPEN_REQUESTS_MAX);
    for (const answer of held) answer();
    await rig.ended(watched);
    expect(watched.tally).to.include({ answered: OPEN_REQUESTS_MAX, twice: 0 });
  });

  it("give what they have answered before they close", async () => {
    const held: (() => void)[] = [];
    const server = await rig.serve({
      handler: {
        ...echo,
        onRequests: (_, items, answer) => items.forEach((item) => held.push(() => answer(replyTo(item)))),
      },
    });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    for (let ticket = 1; ticket <= 100; ticket++) watched.send(requestOf(ticket));
    await until("all arrived", WITHIN_MS, async () => held.length === 100);
    for (const answer of held.slice(1)) answer();
    await server.close();
    await rig.ended(watched);
    expect(watched.tally).to.deep.equal({ answered: 99, unknown: 1, unsent: 0, twice: 0 });
    expect(watched.log.text, "not the end of its connection").to.include("the peer ended the stream");
    expect(watched.link.state).to.equal("connecting");
    expect(watched.send(requestOf(101)), "nothing is taken meanwhile").to.equal(false);
  });

  it("end what nobody answers, and what nobody can encode", async () => {
    const server = await rig.serve({ handler: { ...echo, onRequests: () => {} } });
    const watched = rig.connect(server.url);
    await rig.opened(watched);
    watched.send(requestOf(1, 10, { deadlineAtMs: systemClock.monotonicMs() - 10_000 }));
    watched.send(requestOf(2));
    await until("the first ended", WITHIN_MS, async () => watched.ends.size === 1);
    expect(watched.ends.get(1)).to.deep.equal(["unknown"]);
    expect(watched.link.state).to.equal("open");
    const good = requestOf(3);
    watched.send({ ...good, request: { ...good.request, requestId: undefined as never } });
    await rig.ended(watched);
    expect(watched.ends.get(2)).to.deep.equal(["unknown"]);
    expect(watched.log.text).to.include("a fault ends the stream to a peer");
    await rig.opened(watched);
  });
});
