/**
 * What the merchant sees, as bytes that may be stored for ever: payments, refunds, problems, events and what reads find.
 * Assembled by hand: most answers are one payment, and it is made for each of them.
 */
import { Buffer } from "node:buffer";
import type { Presenter } from "../actors/index.ts";
import { createTimeWriter } from "./json-words.ts";
import { createListCursors } from "./list-cursors.ts";
import { paymentJson, refundJson } from "./payment-json.ts";
import { declinedJson, refusalJson } from "./problem-json.ts";
import { createReadRenderer } from "./read-json.ts";
import { typeOfEvent } from "./event-json.ts";
import { deliveryJson, endpointJson, outgoingEventJson } from "./webhook-json.ts";

export interface PresenterOptions {
  /** Signs cursors: the key that the HTTP server is given too. Left out: reads cannot be rendered here. */
  readonly cursorKey?: Uint8Array;
}

/** Renders JSON. The bytes of a call may share a buffer with others: copy before transferring them. */
export function createPresenter(options: PresenterOptions = {}): Presenter {
  const time = createTimeWriter();
  const { cursorKey } = options;
  const renderRead = cursorKey === undefined ? null : createReadRenderer(createListCursors(cursorKey), time);
  return {
    payment: (payment, nextCheckAtMs) => Buffer.from(paymentJson(payment, nextCheckAtMs, time), "utf8"),
    refund(payment, operation, nextCheckAtMs) {
      const isNewest = payment.operation.id === operation.id;
      const updatedAtMs = isNewest ? payment.updatedAtMs : operation.submittedAtMs;
      return Buffer.from(refundJson(payment, operation, updatedAtMs, nextCheckAtMs, time), "utf8");
    },
    declined: (payment, requestId) => Buffer.from(declinedJson(payment, requestId, time), "utf8"),
    refusal: (refusal, requestId) => Buffer.from(refusalJson(refusal, requestId), "utf8"),
    endpoint: (endpoint, secret) => Buffer.from(endpointJson(endpoint, secret, time), "utf8"),
    delivery: (view) => Buffer.from(deliveryJson(view, time), "utf8"),
    outgoingEvent: (event) => ({ type: typeOfEvent(event), body: Buffer.from(outgoingEventJson(event, time), "utf8") }),
    read(result, merchant) {
      if (renderRead === null) throw new Error("a presenter without a cursor key renders no reads");
      return Buffer.from(renderRead(result, merchant), "utf8");
    },
  };
}
