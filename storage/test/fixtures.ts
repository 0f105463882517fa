/** Payments, decisions and clocks for the tests of this room, made by the real domain. */
import { randomBytes, randomUUID } from "node:crypto";
import {
  type Fact,
  type Failure,
  type LateFact,
  type MerchantId,
  type Operation,
  type Payment,
  type RequestedFact,
  type Transition,
  accept,
  compensationKeyOf,
  firstOperationOf,
  gatewayKeyOf,
  hashRow,
  idFromBytes,
  lateTransition,
  mintId,
  REQUESTED_KIND,
  request,
  slotOfMerchant,
  SUBMITTING,
  transition,
} from "../../actors/domain/index.ts";
import type { Claim, Clock, Decision, DecisionBatch, KeyRow, Log, SideFacts, StoredReply } from "../../actors/index.ts";

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Keeps the fields of what is logged as an error. */
export class KeptLog implements Log {
  readonly errors: Record<string, unknown>[] = [];
  info(): void {}
  warn(): void {}
  error: Log["error"] = (fields) => void this.errors.push({ ...fields });
}

/** A claim of `node` that exceeds all before it when `generation` grows. */
export const claimOf = (node: string, generation: bigint, more: Partial<Claim> = {}): Claim => ({
  node,
  generation,
  activationId: randomUUID(),
  process: `process of ${node}`,
  patienceMs: 0,
  isGone: () => true,
  ...more,
});

export const newMerchant = (): MerchantId => {
  const bytes = randomBytes(16);
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f);
  return idFromBytes("mer", bytes);
};

export interface AcceptOptions {
  readonly merchantId?: MerchantId;
  readonly key?: string;
  readonly amountMinor?: bigint;
  readonly captureMethod?: "automatic" | "manual";
  readonly nowMs?: number;
  readonly merchantReference?: string | null;
  /** As releases before named a first operation: by a uuid of its own. */
  readonly named?: "by an earlier release";
}

const SEALED = randomBytes(160);

/** From a decision to its row: a batch waits for the one before it. */
const WAITED_MS = 7;

/** What a row says beside its columns, as its writer must say it (SideFacts). */
function sideFactsOf({ fact, payment }: Transition, key: string | null): string | null {
  const { operation, failure, cancel, dispute } = payment;
  const first = operation.kind === "authorize" || operation.kind === "sale";
  const facts: SideFacts = {
    ...(failure !== null && { failure }),
    ...(operation.failure !== null && !first && { operationFailure: operation.failure }),
    ...(operation.pendingReason !== null && { pendingReason: operation.pendingReason }),
    ...(operation.needsReview && { needsReview: true }),
    ...(operation.reference !== null && { reference: operation.reference }),
    ...(cancel !== null && { cancel }),
    ...(dispute !== null && { dispute }),
    ...(SUBMITTING.has(fact) && operation.note !== null && { note: operation.note }),
    ...(SUBMITTING.has(fact) && key !== null && !first && { key }),
  };
  return Object.keys(facts).length === 0 ? null : JSON.stringify(facts);
}

function decide(
  made: Transition,
  cause: string,
  reply: StoredReply | null,
  atMs: number,
  keyRow: KeyRow | null = null,
): Decision {
  const recordedAtMs = atMs + WAITED_MS;
  const data = sideFactsOf(made, keyRow?.key ?? null);
  const hash = hashRow(made, { cause, recordedAtMs, data, reply });
  return {
    payment: { ...made.payment, chainHead: hash },
    entry: { fact: made.fact, fromStatus: made.fromStatus, cause, recordedAtMs, data, hash, reply },
    postings: made.postings,
    accepted: null,
    keyRow,
    side: null,
  };
}

/** How an operation stands before anything was heard of it. */
const UNHEARD = {
  attempt: 1,
  state: "submitted",
  reference: null,
  pendingReason: "outcome_unknown",
  needsReview: false,
  failure: null,
  note: null,
} as const;

/** The payment as every reader must show it: its time is that of its row. */
export const asWritten = ({ payment, entry }: Decision): Payment => ({ ...payment, updatedAtMs: entry.recordedAtMs });

/** T1 of a new payment. */
export function acceptedDecision(options: AcceptOptions = {}): Decision {
  const merchantId = options.merchantId ?? newMerchant();
  const key = options.key ?? `key-${randomUUID()}`;
  const nowMs = options.nowMs ?? Date.now();
  const amountMinor = options.amountMinor ?? 12_345n;
  const slot = slotOfMerchant(merchantId);
  const captureMethod = options.captureMethod ?? "automatic";
  const kind = captureMethod === "automatic" ? "sale" : "authorize";
  const id = mintId("pay", slot, nowMs, randomBytes(8));
  const operationId = options.named === undefined ? firstOperationOf(id) : mintId("op", slot, nowMs, randomBytes(8));
  const made = accept(
    {
      id,
      merchantId,
      slot,
      amountMinor,
      currency: "EUR",
      captureMethod,
      gateway: "stripe",
      gatewayAccount: "acct_1",
      merchantReference: options.merchantReference === undefined ? "order 1" : options.merchantReference,
      description: null,
      metadataJson: '{"order":"1","channel":"web"}',
      createdAtMs: nowMs,
    },
    {
      ...UNHEARD,
      id: operationId,
      kind,
      amountMinor,
      gatewayKey: gatewayKeyOf(merchantId, key, kind, 1),
      submittedAtMs: nowMs,
      deadlineAtMs: nowMs + 900_000,
    },
  );
  const keyRow = {
    merchantId,
    key,
    route: "POST /v1/payments",
    fingerprint: randomBytes(32),
    paymentId: made.payment.terms.id,
    operationId,
  };
  return { ...decide(made, "request:req_1", null, nowMs, keyRow), accepted: { sealed: SEALED } };
}

export interface RequestOptions {
  /** Null: nobody asked for it, it is a compensation. */
  readonly key?: string | null;
  readonly amountMinor?: bigint;
  readonly note?: string | null;
  readonly nowMs?: number;
}

/** T1 of a later operation of the payment; its amount is what was taken unless said. */
export function requestedDecision(payment: Payment, fact: RequestedFact, options: RequestOptions = {}): Decision {
  const { merchantId, slot, id, amountMinor: amountOfPayment } = payment.terms;
  const kind = REQUESTED_KIND[fact];
  const key = options.key === undefined ? `key-${randomUUID()}` : options.key;
  const nowMs = options.nowMs ?? Date.now();
  const operationId = mintId("op", slot, nowMs, randomBytes(8));
  const operation: Operation = {
    ...UNHEARD,
    id: operationId,
    kind,
    amountMinor: options.amountMinor ?? amountOfPayment,
    gatewayKey: key === null ? compensationKeyOf(id, kind, 1) : gatewayKeyOf(merchantId, key, kind, 1),
    submittedAtMs: nowMs,
    deadlineAtMs: nowMs + 900_000,
    note: options.note ?? null,
  };
  const made = request(payment, fact, operation, nowMs);
  if (made === undefined) throw new Error("the machine refuses");
  const keyRow =
    key === null
      ? null
      : { merchantId, key, route: `POST ${kind}`, fingerprint: randomBytes(32), paymentId: id, operationId };
  return decide(made, key === null ? "compensation" : "request:req_2", null, nowMs, keyRow);
}

/** What was learned about `operation`, one of the payment's own; by default the newest row's. */
export function learnedDecision(
  payment: Payment,
  fact: Fact,
  options: { readonly operation?: Operation; readonly reply?: StoredReply | null; readonly nowMs?: number } = {},
): Decision {
  const { operation = payment.operation, reply = null, nowMs = Date.now() } = options;
  const made = transition(payment, operation, fact, nowMs);
  if (made === undefined) throw new Error("the machine refuses");
  return decide(made, "gateway", reply, nowMs);
}

/** What was learned about an operation that had ended; by default the newest row's. */
export function lateDecision(payment: Payment, fact: LateFact, operation: Operation = payment.operation): Decision {
  const nowMs = Date.now();
  const made = lateTransition(payment, operation, fact, nowMs);
  if (made === undefined) throw new Error("the machine refuses");
  return decide(made, "webhook", null, nowMs);
}

export const replyOfSize = (bytes: number): StoredReply => ({ status: 201, body: Buffer.alloc(bytes, "x") });

/** T2: the gateway's success, with the answer that is stored. */
export function succeededDecision(
  payment: Payment,
  reply: StoredReply | null = replyOfSize(700),
  nowMs = Date.now(),
): Decision {
  const kind = payment.operation.kind === "sale" ? "captured" : "authorized";
  return learnedDecision(payment, { kind, reference: "pi_3PqLkJ2eZvKYlo2C1a2b3c4d" }, { reply, nowMs });
}

/** A row of doubt. */
export const doubtedDecision = (payment: Payment, nowMs = Date.now()): Decision =>
  learnedDecision(payment, { kind: "outcomeUnknown", reason: "gateway_unreachable" }, { nowMs });

export const FAILURE: Failure = { code: "card_declined", retryable: false, customerAction: null, gatewayCode: "05" };

/** A decline. */
export const declinedDecision = (payment: Payment, nowMs = Date.now()): Decision =>
  learnedDecision(
    payment,
    { kind: "declined", failure: FAILURE, reference: null },
    { reply: { status: 402, body: Buffer.from("{}") }, nowMs },
  );

/** A batch from where the journal stands. */
export const batchOf = (
  head: { readonly lastSeq: bigint; readonly lastAnchor: Uint8Array },
  decisions: readonly Decision[],
  openFloorSeq = 1n,
): DecisionBatch => ({ firstSeq: head.lastSeq + 1n, previousAnchor: head.lastAnchor, decisions, openFloorSeq });
