import { expect } from "chai";
import type { Payment } from "./domain/index.ts";
import { type Flow, newFlow, type OpenFlow } from "./flow.ts";
import { FlowTable } from "./flow-table.ts";
import { sampleAcceptance, sampleMerchant } from "./sample-payment.ts";

const payment = (n: number): Payment => sampleAcceptance(BigInt(n)).payment;
const flowOf = (n: number): Flow =>
  newFlow({ merchantId: sampleMerchant, key: String(n), route: "r", fingerprint: new Uint8Array(32) });

describe("table of flows", () => {
  it("gives the oldest submission that is neither noted nor ended as the floor", () => {
    const table = new FlowTable(10);
    const [first, second, third] = [1, 2, 3].map((n) => table.opened(flowOf(n), payment(n), BigInt(n + 4))) as [
      OpenFlow,
      OpenFlow,
      OpenFlow,
    ];
    expect(table.oldestUnsavedSeq()).to.equal(5n);
    table.ended(second);
    table.saved(first);
    expect(table.oldestUnsavedSeq()).to.equal(7n);
    table.ended(third);
    expect(table.oldestUnsavedSeq()).to.equal(undefined);
  });

  it("fails loudly on operations that are opened against the journal's order, unless they are noted", () => {
    const table = new FlowTable(10);
    table.opened(flowOf(1), payment(1), 9n);
    expect(() => table.opened(flowOf(2), payment(2), 8n)).to.throw("in the order of seq");
    const noted = flowOf(3);
    noted.doubt.saved = true;
    table.opened(noted, payment(3), 7n);
    expect(table.oldestUnsavedSeq()).to.equal(9n);
  });

  it("keeps one file for all operations of a payment, as long as one of them is remembered", () => {
    const table = new FlowTable(1);
    const sale = table.opened(flowOf(1), payment(1), 1n);
    table.ended(sale);
    const refund = { ...payment(1).operation, id: payment(2).operation.id, kind: "refund" as const };
    const second = table.opened(flowOf(2), { ...payment(1), version: 3, operation: refund }, 2n);
    expect(second.file).to.equal(sale.file);
    expect(sale.file.payment.version).to.equal(3);
    table.ended(table.opened(flowOf(3), payment(3), 3n)); // drives the sale out
    expect(table.byKey(sale.keyId as string)).to.equal(undefined);
    expect(table.file(payment(1).terms.id)).to.equal(sale.file);
    table.ended(second);
    table.ended(table.opened(flowOf(4), payment(4), 4n));
    expect(table.file(payment(1).terms.id)).to.equal(undefined);
    expect(table.size).to.equal(1);
  });

  it("forgets a payment that was only looked at", () => {
    const table = new FlowTable(10);
    const file = table.hold(payment(1));
    expect(table.hold(payment(1))).to.equal(file);
    table.release(file);
    expect(table.file(payment(1).terms.id)).to.equal(file);
    table.release(file);
    expect(table.file(payment(1).terms.id)).to.equal(undefined);
  });
});
