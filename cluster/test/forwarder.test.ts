import { expect } from "chai";
import type { EndpointId, MerchantId, PaymentId } from "../../actors/domain/index.ts";
import { HandClock } from "../../actors/hand-clock.ts";
import type { ShardReply, ShardRequest } from "../../actors/index.ts";
import { Forwarder, type Owner } from "../forwarder.ts";
import type { Addressed } from "../thread-batch.ts";

const SHARD = 5;
const MOVE_WAIT_MS = 2_000;
const asked = (ticket: number) => ({
  ticket,
  requestId: `req-${ticket}`,
  merchantId: "mer_x" as MerchantId,
  receivedAtMs: 0,
  rate: null,
});
const ask = (ticket: number): ShardRequest => ({
  ...asked(ticket),
  kind: "getPayment",
  paymentId: "pay_x" as PaymentId,
});
const replyTo = (ticket: number, code: ShardReply["code"] = null): ShardReply => ({
  ticket,
  status: code === null ? 200 : 503,
  body: new Uint8Array(0),
  problem: code !== null,
  code,
  replayed: false,
  retryAfterS: null,
  location: null,
  gatewayMs: null,
  final: false,
  rate: null,
});

function rig() {
  const clock = new HandClock();
  const world = { owner: { node: "a", generation: 1n } as Owner | undefined, reachable: true };
  const here: number[] = [];
  const requests: ShardRequest[] = [];
  const sent: [string, number, bigint][] = [];
  const replies: ShardReply[] = [];
  const forwarder = new Forwarder({
    self: "a",
    ownerOf: () => world.owner,
    linkTo: (node) =>
      world.reachable
        ? {
            sendRequest: ({ request }: Addressed, generation) => {
              sent.push([node, request.ticket, generation]);
              return true;
            },
          }
        : undefined,
    submitHere: (_, request) => {
      here.push(request.ticket);
      requests.push(request);
    },
    refused: ({ code }, { ticket }) => replyTo(ticket, code),
    onReplies: (all) => void replies.push(...all),
    moveWaitMs: MOVE_WAIT_MS,
    clock,
  });
  const answers = (): readonly (readonly [number, number])[] =>
    replies.map(({ ticket, status }) => [ticket, status] as const);
  return { clock, world, here, requests, sent, answers, forwarder };
}

describe("the way of a request to its shard's owner", () => {
  it("ends here for a shard of this node, and at the owner for any other", async () => {
    const { world, here, sent, forwarder, answers } = rig();
    forwarder.submit(SHARD, ask(1));
    world.owner = { node: "b", generation: 7n };
    forwarder.submit(SHARD, ask(2));
    expect([here, sent]).to.deep.equal([[1], [["b", 2, 7n]]]);
    forwarder.onReplies([replyTo(1)]);
    forwarder.onAnswers([replyTo(2), replyTo(2)]);
    expect(answers(), "each once").to.deep.equal([
      [1, 200],
      [2, 200],
    ]);
  });

  it("waits for an owner, keeps the order, and ends with 503 when none comes", async () => {
    const { world, here, forwarder, answers, clock } = rig();
    world.owner = undefined;
    for (const ticket of [1, 2, 3]) forwarder.submit(SHARD, ask(ticket));
    await clock.pass(MOVE_WAIT_MS - 300);
    expect(answers()).to.deep.equal([]);
    world.owner = { node: "a", generation: 2n };
    await clock.pass(150);
    expect(here).to.deep.equal([1, 2, 3]);
    world.owner = undefined;
    forwarder.submit(SHARD, ask(4));
    await clock.pass(MOVE_WAIT_MS + 50);
    expect(answers()).to.deep.equal([[4, 503]]);
    expect(forwarder.depth).to.deep.equal({ away: 0, waiting: 0 });
  });

  it("goes on to the next owner when the one who was asked has not taken it", async () => {
    const { world, sent, here, forwarder, answers, clock } = rig();
    world.owner = { node: "b", generation: 7n };
    forwarder.submit(SHARD, ask(1));
    forwarder.submit(SHARD, ask(2));
    forwarder.onRefused([1]);
    forwarder.onAnswers([replyTo(2, "shard_unavailable")]);
    world.owner = { node: "c", generation: 8n };
    await clock.pass(150);
    expect(sent.slice(2)).to.deep.equal([
      ["c", 1, 8n],
      ["c", 2, 8n],
    ]);
    world.owner = { node: "a", generation: 9n };
    forwarder.onRefused([1]);
    await clock.pass(150);
    expect(here).to.deep.equal([1]);
    expect(answers()).to.deep.equal([]);
  });

  it("goes on at once when it is told of a new owner, and for that one it has not grown old", async () => {
    const { world, forwarder, clock, requests } = rig();
    world.owner = undefined;
    const create: ShardRequest = {
      ...asked(1),
      kind: "createPayment",
      idempotencyKey: "key",
      body: new Uint8Array(100),
      handedOverAtMs: clock.monotonicMs(),
    };
    forwarder.submit(SHARD, create);
    await clock.pass(70);
    world.owner = { node: "a", generation: 2n };
    forwarder.tryAgain();
    expect(requests).to.deep.equal([{ ...create, handedOverAtMs: create.handedOverAtMs + 70 }]);
  });

  it("does not wait when it is large, or when a second time would do something else", () => {
    const { world, forwarder, answers } = rig();
    world.owner = undefined;
    const large = {
      kind: "createPayment",
      idempotencyKey: "key",
      body: new Uint8Array(60_000),
      handedOverAtMs: 0,
    } as const;
    forwarder.submit(SHARD, { ...asked(1), ...large });
    forwarder.submit(SHARD, { ...asked(2), kind: "deleteEndpoint", endpointId: "whe_x" as EndpointId });
    expect(answers()).to.deep.equal([
      [1, 503],
      [2, 503],
    ]);
  });

  it("is patient once, not at every step: owners that all refuse cannot keep it for ever", async () => {
    const { world, forwarder, answers, clock, sent } = rig();
    world.owner = { node: "b", generation: 7n };
    forwarder.submit(SHARD, ask(1));
    const beganMs = clock.monotonicMs();
    for (let steps = 0; steps < 400 && answers().length === 0; steps++) {
      forwarder.onRefused([1]);
      await clock.pass(10);
    }
    expect(answers()).to.deep.equal([[1, 503]]);
    expect(sent.length).to.be.greaterThan(2);
    expect(clock.monotonicMs() - beganMs).to.be.lessThan(2 * MOVE_WAIT_MS);
  });

  it("is told at once when the node that has it falls silent: it may be stored and charged", async () => {
    const { world, forwarder, answers } = rig();
    world.owner = { node: "b", generation: 7n };
    forwarder.submit(SHARD, ask(1));
    forwarder.onLost([1, 99]);
    forwarder.onAnswers([replyTo(1)]);
    expect(answers(), "an answer that comes later is nobody's").to.deep.equal([[1, 503]]);
  });

  it("waits while the owner cannot be reached", async () => {
    const { world, forwarder, sent, clock } = rig();
    world.owner = { node: "b", generation: 7n };
    world.reachable = false;
    forwarder.submit(SHARD, ask(1));
    await clock.pass(100);
    expect(sent).to.deep.equal([]);
    world.reachable = true;
    await clock.pass(150);
    expect(sent).to.deep.equal([["b", 1, 7n]]);
  });

  it("waits for nothing once the node ends", async () => {
    const { world, forwarder, answers } = rig();
    world.owner = undefined;
    forwarder.submit(SHARD, ask(1));
    forwarder.close();
    forwarder.submit(SHARD, ask(2));
    expect(answers()).to.deep.equal([
      [1, 503],
      [2, 503],
    ]);
  });

  it("of a count nothing is heard, and it does not wait", async () => {
    const { world, forwarder, answers, clock } = rig();
    world.owner = undefined;
    forwarder.submit(SHARD, { ...asked(1), kind: "count" });
    await clock.pass(MOVE_WAIT_MS * 2);
    expect([answers(), forwarder.depth]).to.deep.equal([[], { away: 0, waiting: 0 }]);
  });
});
