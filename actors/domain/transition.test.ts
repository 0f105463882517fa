import { expect } from "chai";
import fc from "fast-check";
import { hashRow } from "./chain.ts";
import { gatewayKeyOf, mintId } from "./ids.ts";
import { type LedgerAccount, TEMPLATES } from "./ledger.ts";
import {
  isOpen,
  NEXT_OPERATION_STATES,
  OPERATION_STATES,
  type OperationKind,
  type OperationState,
} from "./operation.ts";
import { FACT_KINDS, type Failure, nextStatus, type Operation, type Payment } from "./payment.ts";
import { checkRequest, type Command, COMMANDS, refundableMinor } from "./requests.ts";
import { accept, type Fact, request, REQUESTED_KIND, type Transition, transition } from "./transition.ts";

const AT_MS = 1_750_000_000_000;
const merchantId = mintId("mer", 0, AT_MS, new Uint8Array(8));

let minted = 0;
const newOperation = (kind: OperationKind, amountMinor: bigint): Operation => ({
  id: mintId("op", 7, AT_MS, Buffer.from(String(++minted).padStart(8, "0"))),
  kind,
  state: "submitted",
  amountMinor,
  gatewayKey: gatewayKeyOf(merchantId, "k", kind, 1),
  attempt: 1,
  submittedAtMs: AT_MS,
  deadlineAtMs: AT_MS + 900_000,
  reference: null,
  pendingReason: "outcome_unknown",
  needsReview: false,
  failure: null,
  note: null,
});

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
  return accept(terms, newOperation(kind, amountMinor));
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
  { kind: "captureFailed", failure, reference: "c_1" },
  { kind: "voidFailed", failure, reference: null },
  { kind: "refunded", reference: "re_1" },
  { kind: "refundFailed", failure, reference: null },
  { kind: "cancelSettled" },
];

/** A merchant asks for something, or the gateway says something of the operation at `at` (counted from the oldest). */
type Move =
  | { readonly ask: Command; readonly amountMinor: bigint | null }
  | { readonly fact: Fact; readonly at: number };
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    ask: fc.constantFrom(...COMMANDS),
    amountMinor: fc.option(fc.bigInt({ min: 1n, max: 2_500n })),
  }),
  fc.record({ fact: fc.constantFrom(...FACTS), at: fc.nat(4) }),
);
const history = fc.tuple(fc.constantFrom<"sale" | "authorize">("sale", "authorize"), fc.array(move, { maxLength: 30 }));

interface Walk {
  readonly steps: readonly Transition[];
  /** Every operation as of its own newest row. */
  readonly operations: ReadonlyMap<string, Operation>;
}

/** Every step that a history makes. Refused moves make none. */
function walk(kind: "sale" | "authorize", moves: readonly Move[]): Walk {
  const steps = [accepted(kind)];
  const first = (steps[0] as Transition).payment.operation;
  const operations = new Map<string, Operation>([[first.id, first]]);
  for (const next of moves) {
    const { payment } = steps.at(-1) as Transition;
    const step =
      "ask" in next
        ? asked(payment, next.ask, next.amountMinor)
        : told(payment, [...operations.values()][next.at], next.fact);
    if (step === undefined) continue;
    steps.push(step);
    operations.set(step.payment.operation.id, step.payment.operation);
  }
  return { steps, operations };
}

function asked(payment: Payment, command: Command, amountMinor: bigint | null): Transition | undefined {
  const allowed = checkRequest(payment, command, amountMinor);
  if ("code" in allowed) return undefined;
  const step = request(payment, allowed.fact, newOperation(REQUESTED_KIND[allowed.fact], allowed.amountMinor), AT_MS);
  expect(step, "what is allowed has a row in the machine").not.to.equal(undefined);
  return step;
}

function told(payment: Payment, operation: Operation | undefined, fact: Fact): Transition | undefined {
  if (operation === undefined) return undefined;
  const step = transition(payment, operation, fact, AT_MS);
  if (!isOpen(operation.state)) expect(step, "a fact of what has ended").to.equal(undefined);
  if (nextStatus(payment.status, fact.kind) === undefined) expect(step, "no row").to.equal(undefined);
  return step;
}

describe("transitions", () => {
  it("count versions without a gap and keep amounts within bounds, with everything that is open", () =>
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        walk(kind, moves).steps.forEach(({ payment, fact: kindOfFact }, i) => {
          expect(payment.version).to.equal(i + 1);
          expect(FACT_KINDS).to.include(kindOfFact);
          const { authorizedMinor, capturedMinor, refundedMinor, refundingMinor, terms } = payment;
          expect(refundedMinor >= 0n && refundingMinor >= 0n).to.equal(true);
          expect(refundedMinor + refundingMinor <= capturedMinor, "refunds").to.equal(true);
          expect(capturedMinor <= authorizedMinor && authorizedMinor <= terms.amountMinor).to.equal(true);
        });
      }),
    ));

  it("have at most one authorize, sale, capture or void open, but for the cancel that waits", () =>
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        const { steps, operations } = walk(kind, moves);
        const { cancel } = (steps.at(-1) as Transition).payment;
        const open = [...operations.values()].filter(({ state }) => isOpen(state));
        const others = open.filter(({ kind: of, id }) => of !== "refund" && id !== cancel?.operationId);
        expect(others.length).to.be.at.most(1);
        if (cancel !== null) expect(open.map(({ id }) => id)).to.include(cancel.operationId);
      }),
    ));

  it("sum the refunds up as their operations say", () =>
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        const { steps, operations } = walk(kind, moves);
        const { payment } = steps.at(-1) as Transition;
        const refunds = [...operations.values()].filter(({ kind: of }) => of === "refund");
        const sum = (of: (state: OperationState) => boolean): bigint =>
          refunds.filter(({ state }) => of(state)).reduce((total, { amountMinor }) => total + amountMinor, 0n);
        expect(payment.refundingMinor).to.equal(sum(isOpen));
        expect(payment.refundedMinor).to.equal(sum((state) => state === "succeeded"));
        expect(refundableMinor(payment)).to.equal(payment.capturedMinor - sum((state) => state !== "failed"));
      }),
    ));

  it("move operations exactly as the published table says", () => {
    const seen = new Map<OperationState, Set<OperationState>>(OPERATION_STATES.map((state) => [state, new Set()]));
    const facts = (list: readonly Fact[]): readonly Move[] => list.map((fact) => ({ fact, at: 0 }));
    const everyPair = [[], ...FACTS.map((one) => [one])].flatMap((before) => FACTS.map((one) => [...before, one]));
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        const before = new Map<string, OperationState>();
        for (const { payment } of walk(kind, moves).steps) {
          const { id, state } = payment.operation;
          const from = before.get(id);
          if (from !== undefined) {
            expect(NEXT_OPERATION_STATES[from], from).to.include(state);
            seen.get(from)?.add(state);
          } else expect(state).to.equal("submitted");
          before.set(id, state);
        }
      }),
      { examples: everyPair.map((list) => [["sale", facts(list)]]) },
    );
    for (const state of OPERATION_STATES)
      expect([...(seen.get(state) as Set<string>)].sort(), `from ${state}`).to.deep.equal(
        [...NEXT_OPERATION_STATES[state]].sort(),
      );
  });

  it("show a pending reason exactly while the operation is open", () =>
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        for (const { payment } of walk(kind, moves).steps) {
          const { operation } = payment;
          expect(operation.pendingReason !== null).to.equal(isOpen(operation.state));
          if (operation.state === "succeeded") expect(operation.failure).to.equal(null);
        }
      }),
    ));

  it("keep the payment pending exactly as long as its first operation is open", () =>
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        const { steps, operations } = walk(kind, moves);
        const [first] = operations.values();
        const { payment } = steps.at(-1) as Transition;
        expect(payment.status === "pending").to.equal(isOpen((first as Operation).state));
      }),
    ));

  it("keep the first gateway reference, and give a refund one of its own", () => {
    const { steps, operations } = walk("sale", [
      { fact: { kind: "gatewayPrepared", reference: "first" }, at: 0 },
      { fact: { kind: "captured", reference: "second" }, at: 0 },
      { ask: "refund", amountMinor: 5n },
      { fact: { kind: "refunded", reference: "re_1" }, at: 1 },
    ]);
    expect(steps.at(-1)?.payment.gatewayReference).to.equal("first");
    expect([...operations.values()].map(({ reference }) => reference)).to.deep.equal([null, "re_1"]);
  });

  it("release the whole hold with a partial capture", () => {
    const { steps } = walk("authorize", [
      { fact: { kind: "authorized", reference: "pi" }, at: 0 },
      { ask: "capture", amountMinor: 500n },
      { fact: { kind: "captured", reference: null }, at: 1 },
    ]);
    const { payment, postings } = steps.at(-1) as Transition;
    expect(payment.capturedMinor).to.equal(500n);
    expect(payment.authorizedMinor).to.equal(1_999n);
    expect(postings.map(({ kind, amountMinor }) => `${kind} ${amountMinor}`)).to.deep.equal([
      "hold_release 1999",
      "capture 500",
    ]);
  });

  it("settle a cancel that came while the payment was in doubt only once nothing is left to do", () => {
    const asksFirst: readonly Move[] = [{ ask: "cancel", amountMinor: null }];
    const ends: readonly (readonly [Fact, Fact["kind"], string])[] = [
      [{ kind: "voided", reference: null }, "cancelSettled", "canceled"],
      [{ kind: "declined", failure, reference: null }, "cancelSettled", "failed"],
      [{ kind: "authorized", reference: "pi" }, "voided", "canceled"],
    ];
    for (const [end, settled, status] of ends) {
      const { steps } = walk("authorize", [
        ...asksFirst,
        { fact: end, at: 0 },
        { fact: FACTS.find(({ kind }) => kind === settled) as Fact, at: 1 },
      ]);
      expect(steps.length, end.kind).to.equal(4);
      const before = (steps.at(-2) as Transition).payment;
      expect(before.cancel?.operationId).to.equal((steps[1] as Transition).payment.operation.id);
      const { payment } = steps.at(-1) as Transition;
      expect([payment.status, payment.cancel, payment.operation.state]).to.deep.equal([status, null, "succeeded"]);
      if (status === "failed") expect(payment.failure).to.equal(failure);
    }
  });

  it("post on every account exactly what is held, captured and refunded, and nothing anywhere else", () =>
    fc.assert(
      fc.property(history, ([kind, moves]) => {
        const { steps } = walk(kind, moves);
        const sums = new Map<string, bigint>();
        const add = (account: LedgerAccount, layer: string, amount: bigint) =>
          sums.set(`${layer}:${account}`, (sums.get(`${layer}:${account}`) ?? 0n) + amount);
        for (const { kind: entry, debit, credit, amountMinor } of steps.flatMap(({ postings }) => postings)) {
          add(debit, TEMPLATES[entry].layer, amountMinor);
          add(credit, TEMPLATES[entry].layer, -amountMinor);
        }
        const last = (steps.at(-1) as Transition).payment;
        const held = last.status === "authorized" ? last.authorizedMinor : 0n;
        const { capturedMinor, refundedMinor, refundingMinor } = last;
        const nonZero = (balances: Iterable<readonly [string, bigint]>) =>
          Object.fromEntries([...balances].filter(([, amount]) => amount !== 0n));
        expect(nonZero(sums)).to.deep.equal(
          nonZero([
            ["pending:gateway_receivable", held],
            ["pending:merchant_pending", -held],
            ["posted:gateway_receivable", capturedMinor - refundedMinor],
            ["posted:merchant_payable", refundedMinor + refundingMinor - capturedMinor],
            ["posted:refunds_in_transit", -refundingMinor],
          ]),
        );
      }),
    ));

  it("chain their hashes: a change in any row changes every later head", () => {
    const heads = (first: Transition): readonly string[] => {
      const row = { cause: "gateway", recordedAtMs: AT_MS, data: null, reply: null };
      const one: Payment = { ...first.payment, chainHead: hashRow(first, row) };
      const two = transition(one, one.operation, { kind: "captured", reference: "pi" }, AT_MS) as Transition;
      return [one.chainHead, hashRow(two, row)].map((head) => Buffer.from(head).toString("hex"));
    };
    minted = 0;
    const [a1, a2] = heads(accepted("sale", 1n));
    minted = 0;
    const [b1, b2] = heads(accepted("sale", 2n));
    minted = 0;
    expect(heads(accepted("sale", 1n))).to.deep.equal([a1, a2]);
    expect(a1).not.to.equal(b1);
    expect(a2).not.to.equal(b2);
  });
});
