/** Payments, decisions and clocks for the tests of this room, made by the real domain. */
import { randomBytes, randomUUID } from "node:crypto";
import {
  type MerchantId,
  type Payment,
  type Transition,
  accept,
  gatewayKeyOf,
  hashRow,
  idFromBytes,
  mintId,
  slotOfMerchant,
  transition,
} from "../../actors/domain/index.ts";
import type { Claim, Clock, Decision, DecisionBatch, Log, StoredReply } from "../../actors/index.ts";

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
}

const SEALED = randomBytes(160);

/** From a decision to its row: a batch waits for the one before it. */
const WAITED_MS = 7;

function decide(
  made: Transition,
  cause: string,
  reply: StoredReply | null,
  data: string | null,
  atMs: number,
): Decision {
  const recordedAtMs = atMs + WAITED_MS;
  const hash = hashRow(made, { cause, recordedAtMs, data, reply });
  return {
    payment: { ...made.payment, chainHead: hash },
    entry: { fact: made.fact, fromStatus: made.fromStatus, cause, recordedAtMs, data, hash, reply },
    postings: made.postings,
    accepted: null,
  };
}

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
  const operationId = mintId("op", slot, nowMs, randomBytes(8));
  const made = accept(
    {
      id: mintId("pay", slot, nowMs, randomBytes(8)),
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
      id: operationId,
      kind,
      state: "submitted",
      amountMinor,
      gatewayKey: gatewayKeyOf(merchantId, key, kind, 1),
      attempt: 1,
      submittedAtMs: nowMs,
      deadlineAtMs: nowMs + 900_000,
    },
  );
  const decision = decide(made, "request:req_1", null, '{"pendingReason":"outcome_unknown"}', nowMs);
  const keyRow = {
    merchantId,
    key,
    route: "POST /v1/payments",
    fingerprint: randomBytes(32),
    paymentId: decision.payment.terms.id,
    operationId,
  };
  return { ...decision, accepted: { keyRow, sealed: SEALED } };
}

export const replyOfSize = (bytes: number): StoredReply => ({ status: 201, body: Buffer.alloc(bytes, "x") });

/** T2: the gateway's success, with the answer that is stored. */
export function succeededDecision(
  payment: Payment,
  reply: StoredReply | null = replyOfSize(700),
  atMs = Date.now(),
): Decision {
  const kind = payment.operation.kind === "sale" ? "captured" : "authorized";
  const made = transition(payment, { kind, reference: "pi_3PqLkJ2eZvKYlo2C1a2b3c4d" }, atMs);
  if (made === undefined) throw new Error("the machine refuses");
  return decide(made, "gateway", reply, null, atMs);
}

/** A row of doubt. */
export function doubtedDecision(payment: Payment, atMs = Date.now()): Decision {
  const made = transition(payment, { kind: "outcomeUnknown", reason: "outcome_unknown" }, atMs);
  if (made === undefined) throw new Error("the machine refuses");
  return decide(made, "gateway", null, '{"pendingReason":"outcome_unknown"}', atMs);
}

/** A decline. */
export function declinedDecision(payment: Payment, atMs = Date.now()): Decision {
  const failure = { code: "card_declined", retryable: false, customerAction: null, gatewayCode: "05" };
  const made = transition(payment, { kind: "declined", failure, reference: null }, atMs);
  if (made === undefined) throw new Error("the machine refuses");
  return decide(made, "gateway", { status: 402, body: Buffer.from("{}") }, JSON.stringify({ failure }), atMs);
}

/** A batch from where the journal stands. */
export const batchOf = (
  head: { readonly lastSeq: bigint; readonly lastAnchor: Uint8Array },
  decisions: readonly Decision[],
  openFloorSeq = 1n,
): DecisionBatch => ({ firstSeq: head.lastSeq + 1n, previousAnchor: head.lastAnchor, decisions, openFloorSeq });
