/**
 * Refunds at Stripe: made with our key, found again by our metadata in the list of their PaymentIntent (gateways.md
 * §3.1). Lists are consistent, unlike the search. The remaining amount is Stripe's only own guard against a second one.
 */
import type Stripe from "stripe";
import { refundIdOf } from "../domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import { isRefundOf, judgeStripeRefund } from "./stripe-status.ts";
import { asObject, asText, conflict, unknown } from "./verdicts.ts";

/** The largest page that Stripe gives. */
const PAGE_SIZE = 100;
/** A payment with more refunds than this is no payment of ours. */
const PAGES_MAX = 20;

/** Makes the refund. `amount`: Stripe's units. Rejects as the SDK does. */
export async function createStripeRefund(
  refunds: Stripe["refunds"],
  call: GatewayCall,
  intentId: string,
  amount: number,
  options: Stripe.RequestOptions,
): Promise<GatewayObservation> {
  const refund = await refunds.create(
    {
      payment_intent: intentId,
      amount,
      metadata: {
        operation_id: call.operationId,
        payment_id: call.paymentId,
        refund_id: refundIdOf(call.operationId),
      },
    },
    options,
  );
  return judgeStripeRefund(refund, call);
}

/**
 * What the list of the intent's refunds says about this one. Not in it: `undecided`, the create may still come.
 * `optionsNow`: of one more request. Rejects as the SDK does.
 */
export async function findStripeRefund(
  refunds: Stripe["refunds"],
  call: GatewayCall,
  intentId: string,
  optionsNow: () => Stripe.RequestOptions,
): Promise<GatewayObservation> {
  const ours: unknown[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const params = {
      payment_intent: intentId,
      limit: PAGE_SIZE,
      ...(after !== undefined && { starting_after: after }),
    };
    const list = asObject(await refunds.list(params, optionsNow()));
    const { data, has_more: hasMore } = list;
    if (list["object"] !== "list" || !Array.isArray(data) || typeof hasMore !== "boolean")
      return unknown("unreadable_answer");
    ours.push(...data.filter((refund) => isRefundOf(refund, call)));
    if (!hasMore) return verdictOf(ours, call);
    after = asText(asObject(data.at(-1))["id"]) ?? undefined;
    if (after === undefined) return unknown("unreadable_answer");
  }
  return unknown("too_many_refunds");
}

function verdictOf(ours: readonly unknown[], call: GatewayCall): GatewayObservation {
  if (ours.length === 0) return { kind: "undecided", reference: null };
  return ours.length === 1 ? judgeStripeRefund(ours[0], call) : conflict("refunded_twice", null);
}
