/** Endpoints, deliveries and outgoing events as the examples of the documents show them. */
import type { Static } from "typebox";
import { CARD_PAYMENT, EVENT_SAMPLES } from "./openapi-samples.ts";
import type { OUTGOING_EVENT, WEBHOOK_DELIVERY, WEBHOOK_ENDPOINT } from "./webhook-schemas.ts";

const [, CAPTURED] = EVENT_SAMPLES;

/** Well formed and nobody's. */
export const NOBODYS_ENDPOINT = "whe_01m819qrd0ek98c4926d25asha";
export const NOBODYS_EVENT = "evt_01m819qrd0ek98c4926d25asha";

export const ENDPOINT_SAMPLE: Static<typeof WEBHOOK_ENDPOINT> = {
  id: "whe_01m819t6kgek98e4926d25ashe",
  object: "webhook_endpoint",
  url: "https://shop.example/webhooks/payments",
  event_types: ["payment.captured", "refund.succeeded", "refund.failed"],
  status: "enabled",
  disabled_reason: null,
  created_at: "2026-11-22T09:35:00.000Z",
  updated_at: "2026-11-22T09:35:00.000Z",
};

/** The secret of the golden vector: nobody's. */
export const WITH_SECRET: Static<typeof WEBHOOK_ENDPOINT> = {
  ...ENDPOINT_SAMPLE,
  secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
};

export const DELIVERY_SAMPLE: Static<typeof WEBHOOK_DELIVERY> = {
  object: "webhook_delivery",
  event_id: CAPTURED.id,
  event_type: CAPTURED.type,
  payment_id: CARD_PAYMENT.id,
  sequence: CAPTURED.sequence,
  status: "waiting",
  attempts: 1,
  next_attempt_at: "2026-11-22T09:35:06.102Z",
  last_status: 503,
  last_failure: "status_503",
  last_attempt_at: "2026-11-22T09:35:01.077Z",
  created_at: "2026-11-22T09:35:00.412Z",
};

export const OUTGOING_SAMPLE: Static<typeof OUTGOING_EVENT> = {
  id: CAPTURED.id,
  type: CAPTURED.type,
  created: CAPTURED.created_at,
  api_version: "2026-11-01",
  payment_id: CARD_PAYMENT.id,
  sequence: CAPTURED.sequence,
  data: CAPTURED.data,
  previous: { status: "pending" },
};

export const WEBHOOK_HEADERS_SAMPLE = {
  "webhook-id": CAPTURED.id,
  "webhook-timestamp": "1795339800",
  "webhook-signature": "v1,yvn4xBjrmS2lySkjzbwIrz+sVHM4YKpUdgJV63gXS5Y=",
} as const;
