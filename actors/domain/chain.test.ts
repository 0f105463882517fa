import { expect } from "chai";
import { hashRow, type RowFacts } from "./chain.ts";
import { gatewayKeyOf, mintId } from "./ids.ts";
import type { Operation, Payment } from "./payment.ts";
import { accept, transition, type Transition } from "./transition.ts";

const AT_MS = 1_750_000_000_000;
const merchantId = mintId("mer", 0, AT_MS, new Uint8Array(8));
const keyOf = (key: string): string => gatewayKeyOf(merchantId, key, "sale", 1);
const first = accept(
  {
    id: mintId("pay", 7, AT_MS, new Uint8Array(8)),
    merchantId,
    slot: 7,
    amountMinor: 1_999n,
    currency: "EUR",
    captureMethod: "automatic",
    gateway: "stripe",
    gatewayAccount: "acct",
    merchantReference: "order",
    description: null,
    metadataJson: "{}",
    createdAtMs: AT_MS,
  },
  {
    id: mintId("op", 7, AT_MS, new Uint8Array(8)),
    kind: "sale",
    state: "submitted",
    amountMinor: 1_999n,
    gatewayKey: keyOf("k"),
    attempt: 1,
    submittedAtMs: AT_MS,
    deadlineAtMs: AT_MS + 900_000,
    reference: null,
    pendingReason: "outcome_unknown",
    needsReview: false,
    failure: null,
    note: null,
  },
);
const second = transition(
  first.payment,
  first.payment.operation,
  { kind: "captured", reference: "pi" },
  AT_MS,
) as Transition;
const facts: RowFacts = { cause: "gateway", recordedAtMs: AT_MS, data: null, reply: null };
const reply = { status: 201, body: Buffer.from("answer") };

const withPayment = (made: Transition, more: Partial<Payment>): Transition => ({
  ...made,
  payment: { ...made.payment, ...more },
});
const withTerms = (made: Transition, more: Partial<Payment["terms"]>): Transition =>
  withPayment(made, { terms: { ...made.payment.terms, ...more } });
const withOperation = (made: Transition, more: Partial<Operation>): Transition =>
  withPayment(made, { operation: { ...made.payment.operation, ...more } });
const hex = (made: Transition, row: RowFacts = facts): string => Buffer.from(hashRow(made, row)).toString("hex");

/** What the four columns of a submission, and only a submission, say. */
const submissions: readonly Partial<Operation>[] = [
  { amountMinor: 1_998n },
  { gatewayKey: keyOf("other") },
  { attempt: 2 },
  { deadlineAtMs: AT_MS + 900_001 },
];

describe("hash of a row", () => {
  it("is another one when any column is, the four of the submission too", () => {
    const rows = [
      hex(first),
      ...submissions.map((more) => hex(withOperation(first, more))),
      hex(withOperation(first, { id: mintId("op", 7, AT_MS, new Uint8Array(8).fill(1)) })),
      hex(withOperation(first, { kind: "authorize" })),
      hex(withOperation(first, { state: "unknown" })),
      hex(withTerms(first, { id: mintId("pay", 7, AT_MS, new Uint8Array(8).fill(1)) })),
      hex(withTerms(first, { merchantId: mintId("mer", 0, AT_MS, new Uint8Array(8).fill(1)) })),
      hex(withTerms(first, { slot: 8 })),
      hex(withTerms(first, { amountMinor: 1n })),
      hex(withTerms(first, { currency: "USD" })),
      hex(withTerms(first, { captureMethod: "manual" })),
      hex(withTerms(first, { gateway: "adyen" })),
      hex(withTerms(first, { gatewayAccount: "other" })),
      hex(withTerms(first, { merchantReference: "other" })),
      hex(withTerms(first, { description: "other" })),
      hex(withTerms(first, { metadataJson: '{"a":"b"}' })),
      hex(withPayment(first, { version: 2 })),
      hex(withPayment(first, { status: "failed" })),
      hex(withPayment(first, { authorizedMinor: 1n })),
      hex(withPayment(first, { capturedMinor: 1n })),
      hex(withPayment(first, { refundedMinor: 1n })),
      hex(withPayment(first, { disputedMinor: 1n })),
      hex(withPayment(first, { gatewayReference: "pi" })),
      hex(withPayment(first, { chainHead: new Uint8Array(32).fill(1) })),
      hex({ ...first, fact: "voided" }),
      hex({ ...first, fromStatus: "pending" }),
      hex({ ...first, postings: second.postings }),
      hex(first, { ...facts, cause: "resolver" }),
      hex(first, { ...facts, recordedAtMs: AT_MS + 1 }),
      hex(first, { ...facts, data: "{}" }),
      hex(first, { ...facts, reply }),
      hex(first, { ...facts, reply: { ...reply, status: 402 } }),
      hex(first, { ...facts, reply: { ...reply, body: Buffer.from("other") } }),
    ];
    expect(new Set(rows).size).to.equal(rows.length);
    expect(rows.every((row) => /^[0-9a-f]{64}$/.test(row))).to.equal(true);
  });

  it("does not depend on what its row does not carry", () => {
    for (const more of submissions) expect(hex(withOperation(second, more))).to.equal(hex(second));
    for (const made of [first, second])
      expect(hex(withPayment(made, { updatedAtMs: AT_MS + 1 })), "the row's own time counts").to.equal(hex(made));
  });

  it("is frozen", () => {
    expect([hex(first), hex(second, { ...facts, data: '{"a":1}', reply })]).to.deep.equal([
      "cd2a8e506d05d357cdc24487b7d7db4bee97711c6382eab069a05b572182b2cd",
      "6f7ca5e60782221814576d6d063a83fec3a7eebc03205ccb629d5e883084c7ca",
    ]);
  });
});
