import { expect } from "chai";
import fc from "fast-check";
import { hashRow } from "./chain.ts";
import { gatewayKeyOf, mintId } from "./ids.ts";
import { TEMPLATES, type LedgerAccount } from "./ledger.ts";
import { isOpen, NEXT_OPERATION_STATES, OPERATION_STATES, type OperationState } from "./operation.ts";
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
const FACTS: readonly Fact[] = [
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
];
const fact = fc.constantFrom(...FACTS);
/** Each fact on its own and behind each other one: all ways from `submitted` and from `unknown` are among them. */
const everyPair = [[], ...FACTS.map((one) => [one])].flatMap((before) => FACTS.map((one) => [...before, one]));
const history = fc.tuple(fc.constantFrom<"sale" | "authorize">("sale", "authorize"), fc.array(fact, { maxLength: 12 }));

/** The payment with its next operation submitted, as a capture or a void of what is authorized will do. */
const withNextOperation = (payment: Payment): Payment =>
  payment.status === "authorized"
    ? { ...payment, operation: { ...payment.operation, kind: "capture", state: "submitted" } }
    : payment;

/** Every payment that a history goes through, with the transitions that took place. */
function walk(kind: "sale" | "authorize", facts: readonly Fact[]): readonly Transition[] {
  const steps = [accepted(kind)];
  for (const next of facts) {
    const ended = (steps.at(-1) as Transition).payment;
    if (!isOpen(ended.operation.state))
      expect(transition(ended, next, AT_MS), "a fact of what has ended").to.equal(undefined);
    const before = withNextOperation(ended);
    const step = transition(before, next, AT_MS + steps.length);
    const mayMove = nextStatus(before.status, next.kind) !== undefined && isOpen(before.operation.state);
    expect(step !== undefined).to.equal(mayMove);
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

  it("move the operation exactly as its published table says", () => {
    const seen = new Map<OperationState, Set<OperationState>>(OPERATION_STATES.map((state) => [state, new Set()]));
    fc.assert(
      fc.property(history, ([kind, facts]) => {
        const states = walk(kind, facts).map(({ payment }) => payment.operation.state);
        for (const [i, state] of states.slice(1).entries()) {
          const before = isOpen(states[i] as OperationState) ? (states[i] as OperationState) : "submitted"; // the next one
          expect(NEXT_OPERATION_STATES[before], before).to.include(state);
          seen.get(before)?.add(state);
        }
      }),
      { examples: everyPair.map((facts) => [["sale", facts]]) },
    );
    for (const state of OPERATION_STATES)
      expect([...(seen.get(state) as Set<string>)].sort(), `from ${state}`).to.deep.equal(
        [...NEXT_OPERATION_STATES[state]].sort(),
      );
  });

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

  it("post on every account exactly what is held or captured, and nothing anywhere else", () =>
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
        const last = (steps.at(-1) as Transition).payment;
        const held = last.status === "authorized" ? last.authorizedMinor : 0n;
        const captured = last.status === "captured" ? last.capturedMinor : 0n;
        const nonZero = (balances: Iterable<readonly [string, bigint]>) =>
          Object.fromEntries([...balances].filter(([, amount]) => amount !== 0n));
        expect(nonZero(sums)).to.deep.equal(
          nonZero([
            ["pending:gateway_receivable", held],
            ["pending:merchant_pending", -held],
            ["posted:gateway_receivable", captured],
            ["posted:merchant_payable", -captured],
          ]),
        );
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
