/** Notices, findings, endpoints, events and deliveries for the tests of this room. */
import { randomBytes, randomUUID } from "node:crypto";
import { type EndpointId, type MerchantId, mintId, type PaymentId, slotOfMerchant } from "../../actors/domain/index.ts";
import type { Delivery, EndpointKey, Finding, NoticeRow, OutboxRows, OutgoingEvent } from "../../actors/index.ts";
import type { SideRows, WebhookEndpoint } from "../../actors/index.ts";
import { newMerchant } from "./fixtures.ts";

export const sideOf = (rows: Partial<SideRows>): SideRows => ({ notices: [], findings: [], resolved: [], ...rows });
export const outboxOf = (rows: Partial<OutboxRows>): OutboxRows => ({
  endpoints: [],
  removedEndpoints: [],
  events: [],
  deliveries: [],
  keys: [],
  ...rows,
});

export type NoticeOptions = Partial<Omit<NoticeRow, "notice">> & {
  readonly notice?: Partial<NoticeRow["notice"]>;
};

/** A row of the inbox; by default received, and due in a minute. */
export function noticeRow({ notice = {}, ...row }: NoticeOptions = {}): NoticeRow {
  const nowMs = Date.now();
  return {
    notice: {
      gateway: "adyen",
      account: "Main",
      dedupeKey: `Main CAPTURE ${randomUUID()}`,
      bodyHash: randomBytes(32).toString("hex"),
      type: "CAPTURE",
      operationId: null,
      paymentId: null,
      paymentReference: "psp_1",
      reference: 'naïve "psp" ✓',
      amount: "9007199254740993",
      currency: "EUR",
      claim: {
        kind: "captureFailed",
        failure: { code: "expired", retryable: false, customerAction: null, gatewayCode: "7" },
      },
      ...notice,
    },
    state: "received",
    verdict: "operation_busy",
    slot: 4_095,
    paymentId: null,
    receivedAtMs: nowMs,
    tries: 1,
    nextTryAtMs: nowMs + 60_000,
    ...row,
  };
}

export const finding = (more: Partial<Finding> = {}): Finding => ({
  class: "D10",
  slot: 3,
  paymentId: null,
  operationId: null,
  dedupeKey: `D10 ${randomUUID()}`,
  expected: "captured",
  observed: "voided",
  evidence: "evt_1",
  suggestedAction: "look",
  firstSeenAtMs: Date.now(),
  ...more,
});

export function newEndpoint(more: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  const merchantId = more.merchantId ?? newMerchant();
  const slot = slotOfMerchant(merchantId);
  const nowMs = more.createdAtMs ?? Date.now();
  return {
    id: mintId("whe", slot, nowMs, randomBytes(8)),
    merchantId,
    slot,
    url: "https://example.test/hooks?ü=1",
    eventTypes: null,
    status: "enabled",
    disabledBecause: null,
    secrets: [{ sealed: randomBytes(90), until: null, madeBy: { key: 'ключ "1"', atMs: nowMs } }],
    createdAtMs: nowMs,
    cursor: null,
    fingerprint: randomBytes(32),
    idempotencyKey: `key-${randomUUID()}`,
    updatedAtMs: nowMs,
    ...more,
  };
}

export const keyOfEndpoint = ({ merchantId, slot, idempotencyKey, fingerprint, id }: WebhookEndpoint): EndpointKey => ({
  merchantId,
  slot,
  key: idempotencyKey,
  route: "POST /v1/webhook_endpoints",
  fingerprint,
  endpointId: id,
});

export function newEvent(merchantId: MerchantId, more: Partial<OutgoingEvent> = {}): OutgoingEvent {
  const slot = slotOfMerchant(merchantId);
  const createdAtMs = more.createdAtMs ?? Date.now();
  const paymentId: PaymentId = mintId("pay", slot, createdAtMs, randomBytes(8));
  return {
    id: mintId("evt", slot, createdAtMs, randomBytes(8)),
    merchantId,
    slot,
    paymentId,
    sequence: 1,
    type: "payment.captured",
    createdAtMs,
    body: randomBytes(50),
    ...more,
  };
}

export const newDelivery = (event: OutgoingEvent, endpointId: EndpointId, more: Partial<Delivery> = {}): Delivery => ({
  eventId: event.id,
  endpointId,
  merchantId: event.merchantId,
  slot: event.slot,
  state: "waiting",
  attempts: 0,
  nextAttemptAtMs: event.createdAtMs,
  lastStatus: null,
  lastFailure: null,
  lastAttemptAtMs: null,
  createdAtMs: event.createdAtMs,
  ...more,
});

/** Bytes compare by what they are, whatever holds them. */
export const plainBytes = <T>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, one: unknown) =>
      typeof one === "bigint"
        ? `${one}n`
        : one instanceof Uint8Array
          ? Buffer.from(one).toString("hex")
          : isJsonOfBuffer(one)
            ? Buffer.from(one.data).toString("hex")
            : one,
    ),
  ) as T;

/** A Buffer turns itself into this before a replacer sees it. */
const isJsonOfBuffer = (one: unknown): one is { readonly data: readonly number[] } =>
  typeof one === "object" && one !== null && "type" in one && one.type === "Buffer" && "data" in one;
