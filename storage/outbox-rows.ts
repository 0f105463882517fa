/** Rows of the outbox as the database must have them: one per key, for a statement may change a row only once. Pure. */
import { bytesOfId, idFromBytes } from "../actors/domain/index.ts";
import type { EndpointId, EventId } from "../actors/domain/index.ts";
import type { Delivery, EndpointKey, KeyRow, OutboxRows } from "../actors/index.ts";

/** Names a delivery in a map. */
export const deliveryPlace = ({ eventId, endpointId }: Pick<Delivery, "eventId" | "endpointId">): string =>
  `${eventId}\n${endpointId}`;

/** The newest of each; an endpoint that is removed is not written. */
export function mergeOutbox(rows: OutboxRows): OutboxRows {
  const endpoints = new Map(rows.endpoints.map((row) => [row.id, row]));
  for (const id of rows.removedEndpoints) endpoints.delete(id);
  const deliveries = new Map(rows.deliveries.map((row) => [deliveryPlace(row), row]));
  const events = new Map<EventId, OutboxRows["events"][number]>();
  for (const event of rows.events) if (!events.has(event.id)) events.set(event.id, event);
  return {
    endpoints: [...endpoints.values()],
    removedEndpoints: [...new Set<EndpointId>(rows.removedEndpoints)],
    events: [...events.values()],
    deliveries: [...deliveries.values()],
    keys: rows.keys,
  };
}

/** An endpoint's key as it stands among those of payments: its uuid in their columns. */
export function keyRowOf({ merchantId, key, route, fingerprint, endpointId }: EndpointKey): KeyRow {
  const uuid = bytesOfId(endpointId);
  const [paymentId, operationId] = [idFromBytes("pay", uuid), idFromBytes("op", uuid)];
  return { merchantId, key, route, fingerprint, paymentId, operationId };
}
