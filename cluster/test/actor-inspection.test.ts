/** A look into a live actor: what it shows, and that it stays cheap however much the actor has to do. */
import { expect } from "chai";
import type { OpenFlow } from "../../actors/flow.ts";
import { inspectOperations, OPERATIONS_SHOWN_MAX } from "../../actors/actor-inspection.ts";
import { Rig, settle } from "./rig/actor-rig.ts";
import { gated } from "./rig/wrapped-stores.ts";

describe("a look into an actor", () => {
  it("shows an operation from its first call through its doubt to its end", async () => {
    const rig = await Rig.started("adyen");
    expect(rig.actor.inspect()).to.deep.include({ mode: "serving", epoch: "1", openOperations: 0, operations: [] });
    await rig.create("k");
    const [calling] = rig.actor.inspect().operations;
    expect(calling).to.deep.include({
      kind: "sale",
      state: "submitted",
      tries: 1,
      inDoubtForMs: null,
      hasWaiter: true,
    });
    expect(calling?.running).to.deep.include({ number: 1, action: "execute" });
    await rig.answer({ kind: "unknown", reason: "reset" });
    await rig.pass(12_000);
    const look = rig.actor.inspect();
    const [doubted] = look.operations;
    expect(doubted).to.deep.include({
      state: "unknown",
      running: null,
      needsReview: false,
      isNoted: true,
      hasWaiter: false,
    });
    expect(doubted?.inDoubtForMs).to.be.closeTo(12_000, 200);
    expect(doubted?.nextCheckAtMs).to.be.greaterThan(rig.nowMs);
    expect(doubted?.paymentId).to.equal(`pay_${doubted?.operationId.slice(3)}`);
    expect(look).to.deep.include({ openOperations: 1, lastSeq: String(rig.database.lastSeq), atMs: rig.nowMs });
    expect(structuredClone(look), "it passes between threads").to.deep.equal(look);
  });

  it("tells what is being written", async () => {
    const gate = gated();
    const rig = await Rig.started("adyen", { store: gate.store });
    gate.close();
    await rig.create("k");
    expect(rig.actor.inspect().commit.inFlight).to.deep.include({ rows: 1 });
    expect(rig.actor.inspect().openOperations, "memory follows disk").to.equal(0);
    gate.open();
    await settle();
    expect(rig.actor.inspect().commit.inFlight).to.equal(null);
    expect(rig.actor.inspect().openOperations).to.equal(1);
  });

  it("shows the oldest, and touches no operation behind them", async () => {
    const rig = await Rig.started("adyen", { limits: { queueAgeMaxMs: 60_000 } });
    for (let i = 0; i < OPERATIONS_SHOWN_MAX + 5; i++) await rig.create(`k${i}`);
    const { openOperations, operations } = rig.actor.inspect();
    expect([openOperations, operations.length]).to.deep.equal([OPERATIONS_SHOWN_MAX + 5, OPERATIONS_SHOWN_MAX]);
    const seqs = operations.map(({ t1Seq }) => Number(t1Seq));
    expect(seqs).to.deep.equal(seqs.toSorted((a, b) => a - b));
    expect(seqs[0]).to.equal(1);

    let touched = 0;
    const one = { ...flowOf(operations.length) };
    const endless = (function* (): Iterable<OpenFlow> {
      for (;;) {
        touched++;
        yield one;
      }
    })();
    expect(inspectOperations(endless, () => null, 0)).to.have.length(OPERATIONS_SHOWN_MAX);
    expect(touched).to.equal(OPERATIONS_SHOWN_MAX);
  });
});

/** As little of a flow as a look needs. */
const flowOf = (seq: number): OpenFlow =>
  ({
    operation: { id: "op_1", kind: "sale", state: "unknown", submittedAtMs: 0, deadlineAtMs: 0 },
    doubt: { tries: 1, running: undefined, sinceMs: undefined, saved: false },
    file: { payment: { terms: { id: "pay_1", merchantId: "mer_1", gateway: "adyen" } }, writing: false, backlog: [] },
    t1Seq: BigInt(seq),
    waiter: undefined,
  }) as unknown as OpenFlow;
