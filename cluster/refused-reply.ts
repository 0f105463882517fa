/** The answer to a request that no actor could be given. */
import { type Refusal, REFUSALS } from "../actors/domain/index.ts";
import type { Presenter, ShardReply, ShardRequest } from "../actors/index.ts";

/** It may be sent again at once, with the same key. */
export function refusedReply(
  refusal: Refusal,
  { ticket, requestId }: Pick<ShardRequest, "ticket" | "requestId">,
  presenter: Presenter,
): ShardReply {
  return {
    ticket,
    status: REFUSALS[refusal.code].status,
    body: presenter.refusal(refusal, requestId),
    problem: true,
    code: refusal.code,
    replayed: false,
    retryAfterS: 1,
    location: null,
    gatewayMs: null,
    final: false,
    rate: null,
  };
}
