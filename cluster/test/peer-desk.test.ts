import { expect } from "chai";
import type { MerchantId, PaymentId } from "../../actors/domain/index.ts";
import { HandClock } from "../../actors/hand-clock.ts";
import type { GatewayNotice, NoticeDelivery, ShardReply, ShardRequest } from "../../actors/index.ts";
import type { PeerAnswer, PeerRequest } from "../../actors/wire/index.ts";
import { isPeerTicket, PeerDesk } from "../peer-desk.ts";

const PEER = { node: "node-2", process: "p" };
const asked = (ticket: number) => ({
  ticket,
  requestId: `req-${ticket}`,
  merchantId: "mer_x" as MerchantId,
  receivedAtMs: 0,
  rate: null,
});
const ask = (ticket: number, shard = 0): PeerRequest => ({
  shard,
  generation: 3n,
  hops: 0,
  deadlineAtMs: 1e9,
  request: { ...asked(ticket), kind: "getPayment", paymentId: "pay_x" as PaymentId },
});
const notice = (ticket: number, shard = 0) => ({
  shard,
  generation: 3n,
  delivery: { ticket, notice: {} as GatewayNotice, slot: 1, spool: false },
});
const replyTo = (ticket: number): ShardReply => ({ ticket, status: 200 }) as ShardReply;

function rig() {
  const given = new Map([[0, 3n]]);
  const submitted: { shard: number; request: ShardRequest }[] = [];
  const notices: NoticeDelivery[] = [];
  const clock = new HandClock();
  const desk = new PeerDesk(
    {
      generationOf: (shard) => given.get(shard),
      submit: (shard, request) => void submitted.push({ shard, request }),
      submitNotice: (_, delivery) => void notices.push(delivery),
      submitAnswer: () => {},
    },
    clock,
  );
  const answers: PeerAnswer[] = [];
  return { clock, given, submitted, notices, desk, answers, answer: (one: PeerAnswer) => void answers.push(one) };
}

describe("what peers ask of this node", () => {
  it("goes to the shard under a ticket of this node, and back under the peer's", () => {
    const { desk, submitted, answers, answer } = rig();
    desk.onRequests(PEER, [ask(7), ask(8)], answer);
    const own = submitted.map(({ request }) => request.ticket);
    expect(own.every(isPeerTicket)).to.equal(true);
    const ours = replyTo(1);
    expect(desk.takeReplies([replyTo(own[1] as number), ours, replyTo(own[0] as number)])).to.deep.equal([ours]);
    expect(answers).to.deep.equal([8, 7].map((ticket) => ({ kind: "reply", reply: replyTo(ticket) })));
    expect(desk.takeReplies([replyTo(own[0] as number)]), "a second answer is nobody's").to.deep.equal([]);
    expect(desk.depth).to.equal(0);
  });

  it("is refused when the shard is not this node's, and nothing is begun", () => {
    const { desk, submitted, answers, answer } = rig();
    desk.onRequests(PEER, [ask(7, 5)], answer);
    expect(submitted).to.deep.equal([]);
    expect(answers).to.deep.equal([{ kind: "refused", ticket: 7, reason: "notOwner", generation: 0n }]);
  });

  it("is refused as moving when the shard does not take it, and only then", () => {
    const { desk, submitted, answers, answer } = rig();
    desk.onRequests(PEER, [ask(7)], answer);
    expect(desk.takeUnserved(submitted[0]!)).to.equal(true);
    expect(answers).to.deep.equal([{ kind: "refused", ticket: 7, reason: "moving", generation: 3n }]);
    expect(desk.takeUnserved({ shard: 0, request: ask(1).request }), "one of our own clients").to.equal(false);
  });

  it("hands a count on and answers nothing", () => {
    const { desk, submitted, answer, answers } = rig();
    desk.onRequests(PEER, [{ ...ask(7), request: { ...asked(7), kind: "count" } }], answer);
    expect([submitted.length, answers.length, desk.depth]).to.deep.equal([1, 0, 0]);
  });

  it("takes notices of its shards, and gives each one receipt", () => {
    const { desk, notices, answers, answer } = rig();
    desk.onNotices(PEER, [notice(4), notice(5, 9)], answer);
    expect(answers, "not its shard").to.deep.equal([{ kind: "receipt", receipt: { ticket: 5, taken: false } }]);
    const own = notices[0]?.ticket as number;
    const ours = { ticket: 1, taken: true };
    const left = desk.takeReceipts({ receipts: [{ ticket: own, taken: true }, ours], forwards: [] });
    expect(left.receipts).to.deep.equal([ours]);
    expect(answers.at(-1)).to.deep.equal({ kind: "receipt", receipt: { ticket: 4, taken: true } });
  });

  it("forgets notices whose receipt never came", async () => {
    const { desk, notices, answers, answer, clock } = rig();
    desk.onNotices(PEER, [notice(4)], answer);
    await clock.pass(20_000);
    desk.onNotices(PEER, [notice(5)], answer);
    desk.takeReceipts({ receipts: notices.map(({ ticket }) => ({ ticket, taken: true })), forwards: [] });
    expect(answers).to.deep.equal([{ kind: "receipt", receipt: { ticket: 5, taken: true } }]);
  });
});
