/** Captures, cancels and refunds at an actor: what each says to its gateway and its client, one decision at a time. */
import { expect } from "chai";
import { mintId, operationIdOf, type PaymentId, type RefundId } from "../../actors/domain/index.ts";
import { DECLINED, merchantId, Rig, settle, START_MS } from "./rig/actor-rig.ts";
import { gated } from "./rig/wrapped-stores.ts";

/** A payment that is authorized (or captured) at `gateway`, and its id. */
async function paid(
  gateway: "stripe" | "adyen",
  capture: "manual" | "automatic",
  rig?: Rig,
): Promise<readonly [Rig, PaymentId]> {
  const at = rig ?? (await Rig.started(gateway));
  await at.create(`pay-${at.replies.length}`, { amount: 1_000, capture_method: capture });
  if (gateway === "stripe") await at.answer({ kind: "prepared", reference: "pi_1" });
  await at.answer(
    capture === "manual" ? { kind: "authorized", reference: "pi_1" } : { kind: "captured", reference: "pi_1" },
  );
  expect(at.last.status).to.equal(201);
  const id = at.last.body["id"] as PaymentId;
  at.calls.length = 0;
  return [at, id];
}

const codeOf = ({ last }: Rig): unknown[] => [last.status, last.body["code"]];

describe("shard actor: later operations", () => {
  it("captures: T1, one call with the capture's own key and the payment's reference, T2, the same bytes afterwards", async () => {
    const [rig, id] = await paid("stripe", "manual");
    const rowsBefore = rig.database.rows.length;
    await rig.modify("capture", id, "c", { amount: 400 });
    expect(rig.database.rows.length, "the intent is on disk").to.equal(rowsBefore + 1);
    const [call] = rig.calls;
    expect(call).to.include({ action: "execute", kind: "capture", amountMinor: 400n, gatewayReference: "pi_1" });
    expect(rig.database.rows.at(-1)?.decision.payment.operation.gatewayKey).to.equal(call?.gatewayKey);
    await rig.answer({ kind: "captured", reference: null });
    expect(rig.last.status).to.equal(200);
    expect(rig.last.body).to.include({ status: "captured", amount_captured: 400, amount_authorized: 1_000 });
    const first = rig.last;
    await rig.modify("capture", id, "c", { amount: 400 });
    expect(rig.last).to.deep.equal({ ...first, replayed: true });
    await rig.modify("capture", id, "c", { amount: 401 });
    expect(codeOf(rig)).to.deep.equal([422, "idempotency_key_reuse"]);
    await rig.modify("capture", id, "c2");
    expect(codeOf(rig)).to.deep.equal([409, "invalid_transition"]);
    expect(rig.calls).to.have.length(1);
  });

  it("binds a key to its route and its payment", async () => {
    const [rig, id] = await paid("stripe", "automatic");
    const [, other] = await paid("stripe", "automatic", rig);
    rig.calls.length = 0;
    await rig.modify("refund", id, "k", { amount: 1 });
    await rig.modify("refund", other, "k", { amount: 1 });
    expect(codeOf(rig)).to.deep.equal([422, "idempotency_key_reuse"]);
    await rig.modify("cancel", id, "k");
    expect(codeOf(rig)).to.deep.equal([422, "idempotency_key_reuse"]);
    await rig.create("k");
    expect(codeOf(rig)).to.deep.equal([422, "idempotency_key_reuse"]);
    expect(rig.calls).to.have.length(1);
  });

  it("tells why a gateway refused, for ever, and leaves the payment as it was", async () => {
    const [rig, id] = await paid("stripe", "manual");
    await rig.modify("capture", id, "c");
    await rig.answer({ kind: "declined", failure: DECLINED, reference: null });
    expect(codeOf(rig)).to.deep.equal([402, "payment_declined"]);
    expect(rig.last.body["payment"]).to.include({ status: "authorized", amount_captured: 0, failure: null });
    expect(rig.last.body["decline"]).to.include({ code: DECLINED.code });
    await rig.modify("capture", id, "c");
    expect([...codeOf(rig), rig.last.replayed]).to.deep.equal([402, "payment_declined", true]);
    await rig.modify("capture", id, "c2");
    await rig.answer({ kind: "captured", reference: null });
    expect(rig.last.status).to.equal(200);
  });

  it("voids, and nothing can be captured or refunded afterwards", async () => {
    const [rig, id] = await paid("stripe", "manual");
    await rig.modify("cancel", id, "v");
    expect(rig.calls[0]).to.include({ kind: "void", action: "execute" });
    await rig.answer({ kind: "voided", reference: null });
    expect([rig.last.status, rig.last.body["status"]]).to.deep.equal([200, "canceled"]);
    for (const kind of ["capture", "cancel", "refund"] as const) {
      await rig.modify(kind, id, `after-${kind}`);
      expect(codeOf(rig), kind).to.deep.equal([409, "invalid_transition"]);
    }
  });

  it("lets one of capture and cancel in, and refuses the other while it is open, whatever the outcome", async () => {
    for (const [winner, loser] of [
      ["capture", "cancel"],
      ["cancel", "capture"],
    ] as const) {
      const [rig, id] = await paid("stripe", "manual");
      rig.ask(winner, id, "w");
      rig.ask(loser, id, "l"); // in the same tick: it waits for the first one's intent
      await settle();
      expect(codeOf(rig), loser).to.deep.equal([409, "operation_in_doubt"]);
      await rig.answer(
        winner === "capture" ? { kind: "captured", reference: null } : { kind: "voided", reference: null },
      );
      expect(rig.last.status).to.equal(200);
      await rig.modify(loser, id, "l");
      expect(codeOf(rig), "its key was not recorded").to.deep.equal([409, "invalid_transition"]);
      expect(rig.calls).to.have.length(1);
    }
  });

  it("holds refunds within what was captured, however many come at once", async () => {
    const [rig, id] = await paid("stripe", "automatic");
    for (let i = 0; i < 100; i++) rig.ask("refund", id, `r${i}`, { amount: 30 });
    await settle();
    for (let i = 0; i < 200; i++) await rig.pass(50);
    const statuses = rig.replies.slice(-200).map(({ code }) => code);
    expect(rig.calls.filter(({ kind, action }) => kind === "refund" && action === "execute")).to.have.length(33);
    expect(statuses.filter((code) => code === "amount_exceeds_refundable")).to.have.length(67);
    const { payment } = rig.database.rows.at(-1)!.decision;
    expect(payment.refundingMinor).to.equal(990n);
  });

  it("answers a refund with an object of its own, 202 while it is open, 201 with the stored bytes when it is done", async () => {
    const [rig, id] = await paid("adyen", "automatic");
    await rig.modify("refund", id, "r", { amount: 250, reason: "damaged" });
    await rig.answer({ kind: "processing", reference: "psp-refund" });
    expect(rig.last.status).to.equal(202);
    const refundId = rig.last.body["id"] as RefundId;
    expect(rig.last.body).to.include({
      object: "refund",
      status: "pending",
      amount: 250,
      reason: "damaged",
      payment_id: id,
    });
    expect(operationIdOf(refundId)).to.equal(rig.calls[0]?.operationId);
    expect(rig.replies.at(-1)?.location).to.equal(`/v1/refunds/${refundId}`);
    await rig.answer({ kind: "refunded", reference: "psp-refund" });
    await rig.modify("refund", id, "r", { amount: 250, reason: "damaged" });
    expect([rig.last.status, rig.last.replayed]).to.deep.equal([201, true]);
    expect(rig.last.body).to.include({
      id: refundId,
      status: "succeeded",
      gateway_reference: "psp-refund",
      reason: "damaged",
    });
    rig.get(id);
    await settle();
    expect(rig.last.body).to.include({ amount_refunded: 250, status: "captured", pending: null });
  });

  it("gives back what a refused refund had reserved", async () => {
    const [rig, id] = await paid("stripe", "automatic");
    await rig.modify("refund", id, "r");
    await rig.answer({ kind: "declined", failure: DECLINED, reference: null });
    expect(codeOf(rig)).to.deep.equal([402, "payment_declined"]);
    expect(rig.last.body["refund"]).to.include({ status: "failed", amount: 1_000 });
    await rig.modify("refund", id, "r2");
    expect(rig.calls.at(-1)).to.include({ kind: "refund", amountMinor: 1_000n });
  });

  it("reads a payment that memory has forgotten before it decides", async () => {
    const first = await Rig.started("stripe", { limits: { rememberedMax: 0 } });
    const [rig, id] = await paid("stripe", "automatic", first);
    expect(rig.actor.snapshot().remembered).to.equal(0);
    await rig.modify("refund", id, "r", { amount: 10 });
    expect(rig.calls).to.have.length(1);
    const unknown = mintId("pay", 0, START_MS, new Uint8Array(8));
    await rig.modify("refund", unknown, "x", { amount: 10 });
    expect(codeOf(rig)).to.deep.equal([404, "not_found"]);
    expect(rig.actor.snapshot().remembered, "the open refund's").to.equal(1);
  });

  it("waits with its decision for what is being written, and judges by what is true then", async () => {
    const gate = gated();
    const rig = await Rig.started("stripe", { store: gate.store });
    const [, id] = await paid("stripe", "automatic", rig);
    rig.calls.length = 0;
    gate.close();
    rig.ask("refund", id, "a", { amount: 600 });
    rig.ask("refund", id, "b", { amount: 600 });
    await settle();
    expect(rig.calls, "nothing is called before the intent is on disk").to.have.length(0);
    gate.open();
    await settle();
    expect(rig.calls).to.have.length(1);
    expect(codeOf(rig)).to.deep.equal([422, "amount_exceeds_refundable"]);
  });

  it("resumes open captures and refunds from the database alone, each with its key", async () => {
    const [rig, id] = await paid("stripe", "automatic");
    await rig.modify("refund", id, "a", { amount: 100 });
    await rig.modify("refund", id, "b", { amount: 200 });
    const keys = rig.calls.map(({ gatewayKey }) => gatewayKey);
    const heir = await rig.heir(2n);
    const answered = new Set<unknown>();
    await heir.pass(25_000, async () => {
      for (const call of heir.calls.filter((one) => one.action === "query" && !answered.has(one))) {
        answered.add(call);
        heir.observe({ kind: "undecided", reference: null }, call);
      }
      await settle();
    });
    expect(heir.calls.map(({ action }) => action).slice(0, 2)).to.deep.equal(["query", "query"]);
    const repeated = heir.calls.filter(({ action }) => action === "execute").map(({ gatewayKey }) => gatewayKey);
    expect(new Set(repeated)).to.deep.equal(new Set(keys));
    for (const call of heir.calls.filter(({ action }) => action === "execute"))
      heir.observe({ kind: "refunded", reference: `re_${call.amountMinor}` }, call);
    await settle();
    await heir.pass(500);
    await heir.modify("refund", id, "a", { amount: 100 });
    expect([heir.last.status, heir.last.replayed]).to.deep.equal([201, true]);
    expect(heir.database.rows.at(-1)?.decision.payment.refundedMinor).to.equal(300n);
  });

  it("reads a refund that never arrived at the pace of the schedule, and gives up what it reserved once that is proven", async () => {
    const [rig, id] = await paid("stripe", "automatic");
    await rig.modify("refund", id, "r");
    rig.observe({ kind: "unknown", reason: "time-out" });
    const answered = new Set<unknown>(rig.calls);
    await rig.pass(3_600_000, async () => {
      for (const call of rig.calls.filter((one) => !answered.has(one))) {
        answered.add(call);
        const isRead = call.action === "query" || call.action === "abandon";
        rig.observe(isRead ? { kind: "undecided", reference: null } : { kind: "unknown", reason: "time-out" }, call);
      }
      await settle();
    });
    expect(rig.calls.length, "no storm of reads").to.be.below(40);
    await rig.modify("refund", id, "r");
    expect(codeOf(rig)).to.deep.equal([402, "payment_declined"]);
    expect(rig.database.rows.at(-1)?.decision.payment.refundingMinor).to.equal(0n);
  });

  it("lets the requests that wait for one payment hold up no other payment", async () => {
    const first = await Rig.started("stripe", { limits: { commitPaceMs: 16 } });
    await first.create("p");
    await first.pass(50);
    await first.answer({ kind: "prepared", reference: "pi_1" });
    await first.pass(50);
    await first.answer({ kind: "captured", reference: "pi_1" });
    await first.pass(50);
    const id = first.last.body["id"] as PaymentId;
    for (let i = 0; i < 100; i++) first.ask("refund", id, `r${i}`, { amount: 1 });
    const before = first.replies.length;
    for (let i = 0; i < 60; i++) {
      first.send(`other-${i}`);
      await first.pass(50);
    }
    const refused = first.replies.slice(before).filter(({ status }) => status === 503);
    expect(refused).to.deep.equal([]);
  });

  it("needs no further request to go on with one whose key and payment both had to be looked up", async () => {
    const first = await Rig.started("stripe", { limits: { rememberedMax: 0, knownKeysMax: 0 } });
    const [rig, id] = await paid("stripe", "automatic", first);
    await rig.modify("refund", id, "r");
    await rig.pass(100);
    expect(rig.calls).to.have.length(1);
  });

  it("goes on taking payments while a gateway works on many operations, and begins no more of those", async () => {
    const limits = { openMax: 3, receivedMax: 4 };
    const first = await Rig.started("adyen", { limits });
    const [rig, id] = await paid("adyen", "automatic", first);
    for (let i = 0; i < 5; i++) {
      await rig.modify("refund", id, `r${i}`, { amount: 1 });
      if (i < 4) await rig.answer({ kind: "processing", reference: `psp-${i}` });
    }
    expect(codeOf(rig)).to.deep.equal([503, "overloaded"]);
    await rig.create("another payment");
    expect(rig.calls.at(-1)).to.include({ kind: "sale" });
    const heir = await rig.heir(2n, rig.nowMs, { limits });
    await heir.modify("refund", id, "r9", { amount: 1 });
    expect(codeOf(heir), "after a take-over too").to.deep.equal([503, "overloaded"]);
  });

  it("keeps what the gateway has said of an operation, though a later call of it is not answered", async () => {
    const [rig, id] = await paid("adyen", "automatic");
    await rig.modify("refund", id, "r");
    await rig.answer({ kind: "processing", reference: "psp" });
    await rig.pass(40_000, async () => {
      const call = rig.calls.at(-1);
      if (call !== undefined && call.try > 1) rig.observe({ kind: "unknown", reason: "time-out" }, call);
      await settle();
    });
    expect(rig.calls.length).to.be.above(1);
    await rig.modify("refund", id, "r");
    expect(rig.last.body["pending"]).to.include({ reason: "gateway_processing" });
    await rig.pass(1_000_000);
    await rig.modify("refund", id, "r");
    expect(rig.last.body["pending"]).to.include({ reason: "gateway_processing", needs_review: true });
  });

  it("does not find another merchant's payment", async () => {
    const [rig, id] = await paid("stripe", "automatic");
    const stranger = mintId("mer", 0, START_MS, Buffer.alloc(8, 9));
    rig.ask("refund", id, "r", {}, stranger);
    await settle();
    expect(rig.calls).to.have.length(0);
    expect(rig.last.status).to.be.oneOf([404, 503]); // 503: the stranger's slot may be another shard's
    expect(merchantId).not.to.equal(stranger);
  });
});
