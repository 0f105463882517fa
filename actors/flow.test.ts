import { expect } from "chai";
import { accept, gatewayKeyOf, mintId, type Payment } from "./domain/index.ts";
import { type Flow, FlowTable, newFlow } from "./flow.ts";

const merchantId = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));

function payment(n: number): Payment {
  const random = Buffer.alloc(8, n);
  const gatewayKey = gatewayKeyOf(merchantId, String(n), "sale", 1);
  return accept(
    {
      id: mintId("pay", 0, 1_750_000_000_000, random),
      merchantId,
      slot: 0,
      amountMinor: 1n,
      currency: "EUR",
      captureMethod: "automatic",
      gateway: "fixed-latency",
      gatewayAccount: "a",
      merchantReference: null,
      description: null,
      metadataJson: "{}",
      createdAtMs: 0,
    },
    {
      id: mintId("op", 0, 1_750_000_000_000, random),
      kind: "sale",
      state: "submitted",
      amountMinor: 1n,
      gatewayKey,
      attempt: 1,
      submittedAtMs: 0,
      deadlineAtMs: 1,
    },
  ).payment;
}

const flowOf = (n: number): Flow => newFlow(merchantId, String(n), new Uint8Array(32));

describe("table of flows", () => {
  it("gives the oldest submission that is neither noted nor ended as the floor", () => {
    const table = new FlowTable(10);
    const flows = [1, 2, 3].map(flowOf) as [Flow, Flow, Flow];
    flows.forEach((flow, i) => table.opened(flow, payment(i), BigInt(i + 5)));
    expect(table.oldestUnsavedSeq()).to.equal(5n);
    table.ended(flows[1], payment(1));
    table.saved(payment(0).operation.id, flows[0]);
    expect(table.oldestUnsavedSeq()).to.equal(7n);
    table.ended(flows[2], payment(2));
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
});
