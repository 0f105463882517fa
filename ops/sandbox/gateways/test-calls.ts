/** Raw calls of both gateways, as the official SDKs would make them, for tests of the simulators. */
import type { Rig } from "./test-rig.ts";

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

export const WEBHOOK_SECRET = "whsec_of_the_simulators_tests";
export const HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";

async function replyOf(answer: Response): Promise<Reply> {
  const text = await answer.text();
  let json: Reply["json"] = {};
  try {
    json = JSON.parse(text) as Reply["json"];
  } catch {
    // some answers are no JSON on purpose
  }
  return { status: answer.status, text, json };
}

/** The calls of one test: `key` makes the operation `op_<key>` and the payment `pay_<key>`. */
export class Calls {
  readonly rig: Pick<Rig, "stripeUrl" | "adyenUrl">;
  readonly account: string;

  constructor(rig: Pick<Rig, "stripeUrl" | "adyenUrl">, account = "acct_tests") {
    this.rig = rig;
    this.account = account;
  }

  async stripe(path: string, key: string | null, form = ""): Promise<Reply> {
    const answer = await fetch(`${this.rig.stripeUrl}/v1${path}`, {
      method: key === null ? "GET" : "POST",
      headers: {
        authorization: "Bearer sk_test_calls",
        "stripe-account": this.account,
        ...(key !== null && { "idempotency-key": key, "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(key !== null && { body: form }),
    });
    return replyOf(answer);
  }

  /** A PaymentIntent that is not confirmed yet; its id. */
  async create(key: string, token: string, manual = false): Promise<string> {
    const names = `metadata[operation_id]=op_${key}&metadata[payment_id]=pay_${key}`;
    const method = manual ? "manual" : "automatic";
    const form = `amount=1000&currency=eur&payment_method=${token}&capture_method=${method}&${names}`;
    return String((await this.stripe("/payment_intents", `${key}-create`, form)).json["id"]);
  }
  /** Created and confirmed; its id. */
  async stripePaid(key: string, token: string, manual = false): Promise<string> {
    const id = await this.create(key, token, manual);
    await this.stripe(`/payment_intents/${id}/confirm`, key);
    return id;
  }
  refund(id: string, key: string, amount: number): Promise<Reply> {
    const names = `metadata[operation_id]=op_${key}&metadata[payment_id]=pay_of_refund&metadata[refund_id]=ref_${key}`;
    return this.stripe("/refunds", key, `payment_intent=${id}&amount=${amount}&${names}`);
  }
  capture(id: string, key: string, amount: number): Promise<Reply> {
    const name = `metadata[capture_operation_id]=op_${key}`;
    return this.stripe(`/payment_intents/${id}/capture`, key, `amount_to_capture=${amount}&${name}`);
  }

  async adyen(path: string, key: string | null, body: object): Promise<Reply> {
    const answer = await fetch(`${this.rig.adyenUrl}/v72${path}`, {
      method: "POST",
      headers: {
        "x-api-key": "tests",
        "content-type": "application/json",
        ...(key !== null && { "idempotency-key": key }),
      },
      body: JSON.stringify({ merchantAccount: this.account, ...body }),
    });
    return replyOf(answer);
  }
  pay(key: string, token: string, manual = false): Promise<Reply> {
    return this.adyen("/payments", key, {
      reference: `op_${key}`,
      merchantOrderReference: `pay_${key}`,
      amount: { value: 1000, currency: "EUR" },
      paymentMethod: { type: "scheme", storedPaymentMethodId: token },
      ...(manual ? { additionalData: { manualCapture: "true" } } : { captureDelayHours: 0 }),
    });
  }
  async adyenPaid(key: string, token: string, manual = false): Promise<string> {
    return String((await this.pay(key, token, manual)).json["pspReference"]);
  }
  /** Its own reference. */
  async modify(psp: string, verb: "captures" | "cancels" | "refunds", key: string, value = 1000): Promise<string> {
    const amount = verb === "cancels" ? {} : { amount: { value, currency: "EUR" } };
    const { json } = await this.adyen(`/payments/${psp}/${verb}`, key, { reference: `op_${key}`, ...amount });
    return String(json["pspReference"]);
  }

  async control(path: string, body: object): Promise<Reply> {
    const answer = await fetch(`${this.rig.stripeUrl}/_control/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return replyOf(answer);
  }
}
