/** About how many bytes items take in a message: enough to bound queues and to split batches. */
import { assertNever } from "../../actors/domain/index.ts";
import type { PeerAnswer, PeerItem } from "../../actors/wire/index.ts";

/** Ids, numbers and tags of any envelope; texts of merchants and gateways come on top. */
const ENVELOPE = 256;
/** Of one character of text, at most. */
const CHARACTER = 3;

export function bytesOfItem(item: PeerItem): number {
  switch (item.kind) {
    case "request": {
      const { request } = item.request;
      return "body" in request
        ? ENVELOPE + request.body.length + CHARACTER * request.idempotencyKey.length
        : 2 * ENVELOPE;
    }
    case "notice":
      return ENVELOPE + CHARACTER * JSON.stringify(item.notice.delivery.notice).length;
    case "fact":
      return ENVELOPE + CHARACTER * JSON.stringify(item.fact.answer).length;
    default:
      return assertNever(item);
  }
}

export const bytesOfAnswer = (answer: PeerAnswer): number =>
  ENVELOPE + (answer.kind === "reply" ? answer.reply.body.length + (answer.reply.location?.length ?? 0) : 0);
