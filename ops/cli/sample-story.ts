/** For tests: the story of a payment as `readStory` brings it, of a sale in doubt that a notice ended, then disputed. */
import { gatewayKeyOf, mintId, type OperationId, type PaymentId } from "../../actors/domain/index.ts";
import type { PaymentStory, StoryNotice, StoryOperation, StoryRow } from "../../storage/index.ts";

export const AT_MS = Date.UTC(2026, 10, 23, 8, 0, 0);
const SLOT = 7;
const id = <P extends "pay" | "op" | "mer" | "evt" | "whe">(prefix: P, n: number) =>
  mintId(prefix, SLOT, AT_MS, new Uint8Array(8).fill(n));

export const PAYMENT: PaymentId = id("pay", 1);
export const SALE: OperationId = id("op", 1);
export const REFUND: OperationId = id("op", 2);
const MERCHANT = id("mer", 3);
const ENDPOINT = id("whe", 4);

/** `row` of the story, with what differs from a captured sale. */
export const row = (version: number, more: Partial<StoryRow> = {}): StoryRow => ({
  version,
  seq: String(10 + version),
  originShard: 0,
  epoch: "3",
  node: "node-1",
  fact: "captured",
  fromStatus: "captured",
  toStatus: "captured",
  operationId: SALE,
  operationKind: "sale",
  operationState: "succeeded",
  submits: false,
  authorizedMinor: "1234",
  capturedMinor: "1234",
  refundedMinor: "0",
  refundingMinor: "0",
  disputedMinor: "0",
  gatewayReference: "pi_1",
  cause: "gateway",
  recordedAtMs: AT_MS + version * 1_000,
  said: {},
  replyStatus: null,
  isHashRight: true,
  eventId: id("evt", version),
  ...more,
});
export const notice = (name: string, more: Partial<StoryNotice> = {}): StoryNotice => ({
  gateway: "stripe",
  dedupeKey: `acct_1|${name}`,
  type: "payment_intent.succeeded",
  state: "processed",
  verdict: "no_change",
  operationId: SALE,
  receivedAtMs: AT_MS + 2_500,
  processedAtMs: AT_MS + 2_600,
  tries: 0,
  nextTryAtMs: null,
  claim: "charged",
  amountMinor: "1234",
  currency: "EUR",
  reference: "pi_1",
  ...more,
});
export const sale = (more: Partial<StoryOperation> = {}): StoryOperation => ({
  id: SALE,
  kind: "sale",
  state: "succeeded",
  isCompensation: false,
  amountMinor: "1234",
  gatewayKey: gatewayKeyOf(MERCHANT, "order-1", "sale", 1),
  attempt: 1,
  submittedAtMs: AT_MS + 1_000,
  submittedEpoch: "3",
  deadlineAtMs: AT_MS + 901_000,
  endedAtMs: AT_MS + 3_000,
  tries: null,
  nextCheckAtMs: null,
  pendingReason: null,
  needsReview: false,
  reference: null,
  failure: null,
  versions: [1, 2, 3],
  ...more,
});

const NOTHING = {
  authorizedMinor: "0",
  capturedMinor: "0",
  gatewayReference: null,
  operationState: "unknown",
  toStatus: "pending",
} as const;

/** A sale whose answer never came, ended by a notice; an event on its way; a second notice that says the same. */
export function sampleStory(more: Partial<PaymentStory> = {}): PaymentStory {
  return {
    id: PAYMENT,
    merchantId: MERCHANT,
    slot: SLOT,
    slotState: "owned",
    readAtMs: AT_MS + 60_000,
    payment: {
      status: "captured",
      currency: "EUR",
      amountMinor: "1234",
      authorizedMinor: "1234",
      capturedMinor: "1234",
      refundedMinor: "0",
      refundingMinor: "0",
      disputedMinor: "0",
      captureMethod: "automatic",
      gateway: "stripe",
      gatewayAccount: "acct_1",
      gatewayReference: "pi_1",
      merchantReference: "order-1",
      createdAtMs: AT_MS + 990,
      cancelOperationId: null,
    },
    owner: {
      epoch: "3",
      epochStartedAtMs: AT_MS - 60_000,
      node: "node-1",
      process: "p",
      isReleased: false,
      renewedAtMs: AT_MS + 59_500,
    },
    rows: [
      row(1, {
        ...NOTHING,
        fact: "accepted",
        fromStatus: "created",
        operationState: "submitted",
        submits: true,
        cause: "request:req_1",
        said: { pendingReason: "outcome_unknown" },
      }),
      row(2, {
        ...NOTHING,
        fact: "outcomeUnknown",
        fromStatus: "pending",
        said: { pendingReason: "outcome_unknown" },
      }),
      row(3, { fromStatus: "pending", cause: "webhook", replyStatus: 201 }),
    ],
    rowsLeftOut: 0,
    operations: [sale()],
    requests: [{ key: "order-1", route: "POST /v1/payments", operationId: SALE, replyStatus: 201 }],
    entries: [
      {
        seq: "13",
        operationId: SALE,
        kind: "capture",
        debit: "gateway_receivable",
        credit: "merchant_payable",
        amountMinor: "1234",
        currency: "EUR",
      },
    ],
    notices: [
      notice("evt_a", { verdict: "applied" }),
      notice("evt_b", { receivedAtMs: AT_MS + 3_400, processedAtMs: AT_MS + 3_410 }),
    ],
    events: [
      {
        id: id("evt", 3),
        sequence: 3,
        type: "payment.captured",
        createdAtMs: AT_MS + 3_010,
        deliveries: [
          {
            endpointId: ENDPOINT,
            state: "waiting",
            attempts: 1,
            lastStatus: 503,
            lastFailure: null,
            lastAttemptAtMs: AT_MS + 3_100,
            nextAttemptAtMs: AT_MS + 90_000,
          },
        ],
      },
    ],
    findings: [],
    ...more,
  };
}

/** The same while nobody knows how it went. */
export const storyInDoubt = (more: Partial<StoryOperation> = {}): PaymentStory => {
  const story = sampleStory();
  return {
    ...story,
    readAtMs: AT_MS + 5_000,
    payment: { ...story.payment, ...NOTHING, status: "pending" },
    rows: story.rows.slice(0, 2),
    operations: [
      sale({
        state: "unknown",
        endedAtMs: null,
        tries: 2,
        nextCheckAtMs: AT_MS + 11_000,
        pendingReason: "outcome_unknown",
        versions: [1, 2],
        ...more,
      }),
    ],
    requests: [{ key: "order-1", route: "POST /v1/payments", operationId: SALE, replyStatus: null }],
    entries: [],
    notices: [],
    events: [],
  };
};
