import { expect } from "chai";
import type { MerchantId, PaymentId } from "../actors/domain/index.ts";
import { OwedTickets } from "./owed-tickets.ts";
import type { Addressed } from "./thread-batch.ts";

const ask = (ticket: number, bodyBytes = 10): Addressed => ({
  shard: 3,
  request: {
    kind: "capture",
    paymentId: "pay_x" as PaymentId,
    ticket,
    requestId: `req-${ticket}`,
    merchantId: "mer_x" as MerchantId,
    idempotencyKey: `key-${ticket}`,
    body: new Uint8Array(bodyBytes),
    receivedAtMs: 0,
    handedOverAtMs: 0,
    rate: null,
  },
});

describe("owed tickets", () => {
  it("take no more than they may, and more once one is answered", () => {
    const owed = new OwedTickets(2);
    expect([owed.owe(ask(1)), owed.owe(ask(2)), owed.owe(ask(3))]).to.deep.equal([true, true, false]);
    owed.answered(1);
    expect(owed.owe(ask(4))).to.equal(true);
    expect(owed.takeAll().map(({ ticket }) => ticket)).to.deep.equal([2, 4]);
  });

  it("are given out once", () => {
    const owed = new OwedTickets(2);
    owed.owe(ask(1));
    owed.takeAll();
    expect(owed.takeAll()).to.deep.equal([]);
    expect(owed.take(1)).to.equal(undefined);
    expect([owed.owe(ask(2)), owed.owe(ask(3))]).to.deep.equal([true, true]);
  });

  it("keep a small request whole, so that it can be sent again, and of a large one only its names", () => {
    const owed = new OwedTickets(2);
    const small = ask(1);
    owed.owe(small);
    owed.owe(ask(2, 60_000));
    expect(owed.take(1)).to.deep.equal({ ticket: 1, requestId: "req-1", again: small });
    expect(owed.take(2)).to.deep.equal({ ticket: 2, requestId: "req-2", again: null });
  });
});
