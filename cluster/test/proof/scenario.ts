/** What the client of a run asks for, step by step, and what must come of it at each gateway. */
import type { OperationKind } from "../../../actors/domain/index.ts";
import { type Call, capture, create, payment, refund } from "../rig/merchant.ts";

export type ProvenGateway = "stripe" | "adyen";

export interface Step {
  readonly name: string;
  /** The step that made the payment; null: this one does. */
  readonly of: string | null;
  readonly kind: OperationKind;
  /** Of the final answer. */
  readonly status: number;
  call(key: string, paymentId: string): Call;
}

export interface Scenario {
  readonly steps: readonly Step[];
  /** By the step that made a payment: members of it in the end, and lines of the gateway's log in its units. */
  readonly payments: Readonly<
    Record<string, { readonly ends: Readonly<Record<string, unknown>>; readonly effects: readonly string[] }>
  >;
}

const AMOUNT = 1_999;
const CAPTURED = 1_500;
const REFUNDED = 400;

function authorizes(name: string, gateway: ProvenGateway): Step {
  const body = payment({ gateway, amount: AMOUNT, capture_method: "manual" });
  return { name, of: null, kind: "authorize", status: 201, call: (key) => create(key, body) };
}
const captures = (of: string, status: number): Step => ({
  name: "capture",
  of,
  kind: "capture",
  status,
  call: (key, id) => capture(key, id, { amount: CAPTURED }),
});
const refunds = (of: string, status: number): Step => ({
  name: "refund",
  of,
  kind: "refund",
  status,
  call: (key, id) => refund(key, id, { amount: REFUNDED }),
});

/** Create, capture, refund a part: one payment from its beginning to its end. */
const wholeLife = (gateway: ProvenGateway): Scenario => ({
  steps: [authorizes("create", gateway), captures("create", 200), refunds("create", 201)],
  payments: {
    create: {
      ends: { status: "captured", amount_captured: CAPTURED, amount_refunded: REFUNDED, pending: null },
      effects: [`authorize ${AMOUNT}`, `capture ${CAPTURED}`, `refund ${REFUNDED}`],
    },
  },
});

/** By gateway: another one may need other steps, or another answer as the final one. */
export const SCENARIOS: Readonly<Record<ProvenGateway, Scenario>> = {
  stripe: wholeLife("stripe"),
  adyen: wholeLife("adyen"),
};
