/** Replies, refusals and receipts on the wire. */
import { type RefusalCode, REFUSALS } from "../domain/index.ts";
import type { ShardReply } from "../ports/requests.ts";
import { RefusedReason as Reason, type Refused, type Reply } from "./envelopes.generated.js";
import type { PeerAnswer, RefusedReason } from "./envelopes.ts";
import { fromRate } from "./request-envelope.ts";
import { fromInt64, isTicket, textOrNull, toInt64 } from "./wire-values.ts";

const NUMBER_OF: { readonly [R in RefusedReason]: Reason } = {
  notOwner: Reason.NOT_OWNER,
  moving: Reason.MOVING,
  full: Reason.FULL,
  unsupported: Reason.UNSUPPORTED,
};
const REASON_OF: ReadonlyMap<Reason, RefusedReason> = new Map(
  Object.entries(NUMBER_OF).map(([reason, number]) => [number, reason as RefusedReason]),
);
const NO_BODY = new Uint8Array(0);

export const toReply = (reply: ShardReply): Reply.$Shape => ({ ...reply, location: textOrNull(reply.location) });

export function fromReply(wire: Reply.$Shape): PeerAnswer | undefined {
  const { ticket, code } = wire;
  if (!isTicket(ticket)) return undefined;
  const reply: ShardReply = {
    ticket,
    status: wire.status ?? 0,
    body: wire.body ?? NO_BODY,
    problem: wire.problem ?? false,
    // The body says a newer node's code as well; here it only counts and sorts.
    code: typeof code === "string" && Object.hasOwn(REFUSALS, code) ? (code as RefusalCode) : null,
    replayed: wire.replayed ?? false,
    retryAfterS: wire.retryAfterS ?? null,
    location: wire.location ?? null,
    gatewayMs: wire.gatewayMs ?? null,
    final: wire.final ?? false,
    rate: fromRate(wire.rate),
  };
  return { kind: "reply", reply };
}

export const toRefused = ({
  ticket,
  reason,
  generation,
}: Extract<PeerAnswer, { kind: "refused" }>): Refused.$Shape => ({
  ticket,
  reason: NUMBER_OF[reason],
  generation: toInt64(generation),
});

/** A newer node's reason is `unsupported`: whatever it is, the request was not taken. */
export function fromRefused(wire: Refused.$Shape): PeerAnswer | undefined {
  const { ticket } = wire;
  if (!isTicket(ticket)) return undefined;
  const reason = REASON_OF.get(wire.reason ?? Reason.REFUSED_REASON_UNSPECIFIED) ?? "unsupported";
  return { kind: "refused", ticket, reason, generation: fromInt64(wire.generation) };
}
