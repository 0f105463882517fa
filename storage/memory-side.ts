/** What the memory store keeps beside its journal: inbox, findings, endpoints, events and deliveries. */
import type { EndpointId, EventId, MerchantId } from "../actors/domain/index.ts";
import type { DeliveriesCursor, Delivery, DeliveryView, DueDelivery, EndpointKey, Found } from "../actors/index.ts";
import type { KeyRow, NoticeRow, OutboxRows, OutgoingEvent, Page, SideRows, WebhookEndpoint } from "../actors/index.ts";
import { deliveryPlace, keyRowOf, mergeOutbox } from "./outbox-rows.ts";
import { pageOf } from "./pages.ts";
import { type FindingRow, noticeAfter, placeOf } from "./side-rows.ts";

export interface MemorySide {
  /** By `placeOf`. */
  readonly notices: Map<string, NoticeRow>;
  /** By dedupe key. */
  readonly findings: Map<string, FindingRow>;
  readonly endpoints: Map<EndpointId, WebhookEndpoint>;
  readonly events: Map<EventId, OutgoingEvent>;
  /** By `deliveryPlace`. */
  readonly deliveries: Map<string, Delivery>;
  readonly endpointKeys: EndpointKey[];
}

export const emptySide = (): MemorySide => ({
  notices: new Map(),
  findings: new Map(),
  endpoints: new Map(),
  events: new Map(),
  deliveries: new Map(),
  endpointKeys: [],
});

export function writeSide(side: MemorySide, { notices, findings, resolved }: SideRows): void {
  for (const row of notices) {
    const place = placeOf(row.notice);
    side.notices.set(place, noticeAfter(side.notices.get(place), row));
  }
  for (const finding of findings)
    if (!side.findings.has(finding.dedupeKey)) side.findings.set(finding.dedupeKey, { finding, resolved: null });
  for (const resolution of resolved) {
    const found = side.findings.get(resolution.dedupeKey);
    if (found?.resolved === null) side.findings.set(resolution.dedupeKey, { ...found, resolved: resolution });
  }
}

/** `taken`: keys of payments. The name of the constraint that refuses the rows, or null: they are written. */
export function writeOutbox(side: MemorySide, rows: OutboxRows, taken: readonly KeyRow[]): string | null {
  const merged = mergeOutbox(rows);
  const keys = new Set([...taken, ...side.endpointKeys].map((row) => `${row.merchantId} ${row.key}`));
  for (const { merchantId, key } of merged.keys) {
    if (keys.has(`${merchantId} ${key}`)) return "idempotency_pkey";
    keys.add(`${merchantId} ${key}`);
  }
  const events = new Map([...merged.events.map((event) => [event.id, event] as const), ...side.events]);
  const sequences = [...events.values()].map(({ paymentId, sequence }) => `${paymentId} ${sequence}`);
  if (new Set(sequences).size < sequences.length) return "merchant_event_pkey";
  side.endpointKeys.push(...merged.keys);
  for (const row of merged.endpoints) {
    const { createdAtMs } = side.endpoints.get(row.id) ?? row;
    side.endpoints.set(row.id, { ...row, createdAtMs });
  }
  for (const id of merged.removedEndpoints) side.endpoints.delete(id);
  for (const event of merged.events) if (!side.events.has(event.id)) side.events.set(event.id, event);
  for (const row of merged.deliveries) {
    const place = deliveryPlace(row);
    const stored = side.deliveries.get(place);
    if (row.state === "given_up" && stored !== undefined && stored.state !== "waiting") continue;
    side.deliveries.set(place, { ...row, createdAtMs: stored?.createdAtMs ?? row.createdAtMs });
  }
  return null;
}

/** The keys of endpoints as rows of the table of keys. */
export const endpointKeyRows = ({ endpointKeys }: MemorySide): readonly KeyRow[] => endpointKeys.map(keyRowOf);

/** Rows that are to be decided before then, those due first. */
export const waitingNotices = ({ notices }: MemorySide, beforeMs: number, limit: number): readonly NoticeRow[] =>
  [...notices.values()]
    .filter(({ nextTryAtMs }) => nextTryAtMs !== null && nextTryAtMs < beforeMs)
    .sort((a, b) => (a.nextTryAtMs ?? 0) - (b.nextTryAtMs ?? 0) || (placeOf(a.notice) < placeOf(b.notice) ? -1 : 1))
    .slice(0, limit);

/** A merchant's endpoints, or all; oldest first. */
export const endpointsOf = ({ endpoints }: MemorySide, merchant: MerchantId | null): readonly WebhookEndpoint[] =>
  [...endpoints.values()]
    .filter(({ merchantId }) => merchant === null || merchantId === merchant)
    .sort((a, b) => (a.id < b.id ? -1 : 1));

/** Stands behind every time. */
const NEVER = Number.MAX_SAFE_INTEGER;

function deliveriesOf(side: MemorySide, endpointId: EndpointId): readonly DueDelivery[] {
  return [...side.deliveries.values()].flatMap((delivery) => {
    const event = side.events.get(delivery.eventId);
    return event === undefined || delivery.endpointId !== endpointId ? [] : [{ delivery, event }];
  });
}

export const waitingDeliveries = (side: MemorySide, endpointId: EndpointId, limit: number): readonly DueDelivery[] =>
  deliveriesOf(side, endpointId)
    .filter(({ delivery: { state } }) => state === "waiting")
    .sort(
      ({ delivery: a }, { delivery: b }) =>
        (a.nextAttemptAtMs ?? NEVER) - (b.nextAttemptAtMs ?? NEVER) || (a.eventId < b.eventId ? -1 : 1),
    )
    .slice(0, limit);

/** Endpoints that are gone, though deliveries wait for them. */
export const forsakenEndpoints = ({ endpoints, deliveries }: MemorySide): readonly EndpointId[] => [
  ...new Set(
    [...deliveries.values()].flatMap(({ state, endpointId }) =>
      state === "waiting" && !endpoints.has(endpointId) ? [endpointId] : [],
    ),
  ),
];

/** An endpoint's deliveries, newest first. */
export function listDeliveries(
  side: MemorySide,
  endpointId: EndpointId,
  { limit, after }: Page<DeliveriesCursor>,
): Found<DeliveryView, DeliveriesCursor> {
  const isBehind = ({ createdAtMs, eventId }: Delivery): boolean =>
    after === null || createdAtMs < after.createdAtMs || (createdAtMs === after.createdAtMs && eventId < after.eventId);
  const views = deliveriesOf(side, endpointId)
    .filter(({ delivery }) => isBehind(delivery))
    .sort(({ delivery: a }, { delivery: b }) => b.createdAtMs - a.createdAtMs || (a.eventId < b.eventId ? 1 : -1))
    .map(({ delivery, event: { id, merchantId, slot, paymentId, sequence, type, createdAtMs } }) => ({
      delivery,
      event: { id, merchantId, slot, paymentId, sequence, type, createdAtMs },
    }));
  return pageOf(views, limit, ({ delivery: { createdAtMs, eventId } }) => ({ createdAtMs, eventId }));
}
