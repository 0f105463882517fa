import { expect } from "chai";
import fc from "fast-check";
import { hashRow } from "./chain.ts";
import { gatewayKeyOf, mintId } from "./ids.ts";
import { TEMPLATES, type LedgerAccount } from "./ledger.ts";
import { isOpen } from "./operation.ts";
import { FACT_KINDS, nextStatus, type Failure, type Payment } from "./payment.ts";
import { accept, type Fact, type Transition, transition } from "./transition.ts";

const AT_MS = 1_750_000_000_000;
const merchantId = mintId("mer", 0, AT_MS, new Uint8Array(8));

function accepted(kind: "sale" | "authorize", amountMinor = 1_999n): Transition {
  const terms = {
    id: mintId("pay", 7, AT_MS, new Uint8Array(8)),
    merchantId,
    slot: 7,
    amountMinor,
    currency: "EUR",
    captureMethod: kind === "sale" ? ("automatic" as const) : ("manual" as const),
    gateway: "stripe" as const,
    gatewayAccount: "acct",
    merchantReference: null,
    description: null,
    metadataJson: "{}",
    createdAtMs: AT_MS,
  };
  const operation = {
    id: mintId("op", 7, AT_MS, new Uint8Array(8)),
    kind,
    state: "submitted" as const,
    amountMinor,
    gatewayKey: gatewayKeyOf(merchantId, "k", kind, 1),
    attempt: 1,
    submittedAtMs: AT_MS,
    deadlineAtMs: AT_MS + 900_000,
  };
  return accept(terms, operation);
}

const failure: Failure = { code: "card_declined", retryable: false, customerAction: null, gatewayCode: "x" };
const fact = fc.constantFrom<Fact>(
  { kind: "gatewayPrepared", reference: "pi_1" },
  { kind: "gatewayProcessing", reference: null },
  { kind: "outcomeUnknown", reason: "outcome_unknown" },
  { kind: "conflicted", reference: null },
  { kind: "deadlinePassed" },
  { kind: "authorized", reference: "pi_2" },
  { kind: "captured", reference: "pi_3" },
  { kind: "declined", failure, reference: null },
  { kind: "notSubmitted", failure },
  { kind: "voided", reference: null },
);
const history = fc.tuple(fc.constantFrom<"sale" | "authorize">("sale", "authorize"), fc.array(fact, { maxLength: 12 }));

/** Every payment that a history goes through, with the transitions that took place. */
function walk(kind: "sale" | "authorize", facts: readonly Fact[]): readonly Transition[] {
  const steps = [accepted(kind)];
  for (const next of facts) {
    const before = (steps.at(-1) as Transition).payment;
    const step = transition(before, next, AT_MS + steps.length);
    expect(step !== undefined).to.equal(nextStatus(before.status, next.kind) !== undefined);
    if (step !== undefined) steps.push(step);
  }
  return steps;
}

describe("transitions", () => {
  it("count versions without a gap and keep amounts within bounds", () =>
    fc.assert(
      fc.property(history, ([kind, facts]) => {
        walk(kind, facts).forEach(({ payment, fact: kindOfFact }, i) => {
          expect(payment.version).to.equal(i + 1);
          expect(FACT_KINDS).to.include(kindOfFact);
          const { authorizedMinor, capturedMinor, refundedMinor, terms } = payment;
          expect(0n <= refundedMinor && refundedMinor <= capturedMinor && capturedMinor <= authorizedMinor).to.equal(
            true,
          );
          expect(authorizedMinor <= terms.amountMinor).to.equal(true);
        });
      }),
    ));

  it("show a pending reason exactly while the operation is open", () =>
    fc.assert(
      fc.property(history, ([kind, facts]) => {
        for (const { payment } of walk(kind, facts)) {
          const open = isOpen(payment.operation.state);
          expect(payment.pendingReason !== null).to.equal(open);
          expect(payment.status === "pending").to.equal(open);
        }
      }),
    ));

  it("keep the first gateway reference", () => {
    const steps = walk("sale", [
      { kind: "gatewayPrepared", reference: "first" },
      { kind: "captured", reference: "second" },
    ]);
    expect(steps.at(-1)?.payment.gatewayReference).to.equal("first");
  });

  it("post a ledger that sums to zero, and holds exactly what is authorized and not captured", () =>
    fc.assert(
      fc.property(history, ([kind, facts]) => {
        const steps = walk(kind, facts);
        const sums = new Map<string, bigint>();
        const add = (account: LedgerAccount, layer: string, amount: bigint) =>
          sums.set(`${layer}:${account}`, (sums.get(`${layer}:${account}`) ?? 0n) + amount);
        for (const { kind: entry, debit, credit, amountMinor } of steps.flatMap(({ postings }) => postings)) {
          add(debit, TEMPLATES[entry].layer, amountMinor);
          add(credit, TEMPLATES[entry].layer, -amountMinor);
        }
        expect([...sums.values()].reduce((a, b) => a + b, 0n)).to.equal(0n);
        const last = (steps.at(-1) as Transition).payment;
        expect(sums.get("posted:merchant_payable") ?? 0n).to.equal(-last.capturedMinor);
        const held = last.status === "authorized" ? last.authorizedMinor : 0n;
        expect(sums.get("pending:gateway_receivable") ?? 0n).to.equal(held);
      }),
    ));

  it("chain their hashes: a change in any row changes every later head", () => {
    const heads = (first: Transition): readonly string[] => {
      const row = { cause: "gateway", recordedAtMs: AT_MS, data: null, reply: null };
      const one: Payment = { ...first.payment, chainHead: hashRow(first, row) };
      const two = transition(one, { kind: "captured", reference: "pi" }, AT_MS) as Transition;
      return [one.chainHead, hashRow(two, row)].map((head) => Buffer.from(head).toString("hex"));
    };
    const [a1, a2] = heads(accepted("sale", 1n));
    const [b1, b2] = heads(accepted("sale", 2n));
    expect(heads(accepted("sale", 1n))).to.deep.equal([a1, a2]);
    expect(a1).not.to.equal(b1);
    expect(a2).not.to.equal(b2);
  });
});
