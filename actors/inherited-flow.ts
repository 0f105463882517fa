/** An operation that activation found open, as an actor remembers it. */
import { type Flow, newFlow } from "./flow.ts";
import type { OpenOperation, Vault } from "./ports/shard-store.ts";
import type { Log } from "./ports/world.ts";

/** Never throws: details that cannot be opened must not keep the shard from being served. Their operation is then only read. */
export function inheritedFlow(open: OpenOperation, vault: Vault, log: Log): Flow {
  const { payment, operation, request } = open;
  const { merchantId } = payment.terms;
  const flow = newFlow(
    request === null
      ? null
      : { merchantId, key: request.idempotencyKey, route: request.route, fingerprint: request.fingerprint },
  );
  flow.doubt.noted = open.noted;
  flow.doubt.saved = open.noted;
  if (operation.kind !== "authorize" && operation.kind !== "sale") return flow; // they need no token
  try {
    flow.paymentMethod = paymentMethodIn(vault.open(payment.terms, open.sealed));
  } catch {
    log.error(
      { payment: payment.terms.id },
      "the stored details cannot be opened; the operation is only read from now on",
    );
    flow.detailsLost = true;
  }
  return flow;
}

/** The token in a payment's opened details. */
function paymentMethodIn(plain: Uint8Array): string {
  const details: unknown = JSON.parse(Buffer.from(plain).toString("utf8"));
  if (
    typeof details === "object" &&
    details !== null &&
    "paymentMethod" in details &&
    typeof details.paymentMethod === "string"
  ) {
    return details.paymentMethod;
  }
  throw new Error("the opened details hold no payment method");
}
