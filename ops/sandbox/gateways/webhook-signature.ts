/** The gateways' signatures of their notifications, as both publish them. */
import { createHmac } from "node:crypto";

const hmacHex = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("hex");

/** Stripe's test mode adds a signature of an old scheme, which proves nothing. */
const OLD_SCHEME_SECRET = "whsec_of_the_old_scheme";

/** The `Stripe-Signature` header; one `v1` for each secret, so that a receiver may rotate. `seconds`: Unix time. */
export function stripeSignature(body: string, secrets: readonly string[], seconds: number): string {
  const text = `${seconds}.${body}`;
  const entries = secrets.map((secret) => `v1=${hmacHex(secret, text)}`);
  return [`t=${seconds}`, ...entries, `v0=${hmacHex(OLD_SCHEME_SECRET, text)}`].join();
}

/** One item of a notification before it is signed. `success`: the text "true" or "false". */
export interface AdyenItem {
  readonly additionalData?: Readonly<Record<string, string>>;
  readonly amount: { readonly currency: string; readonly value: number };
  readonly eventCode: string;
  readonly eventDate: string;
  readonly merchantAccountCode: string;
  readonly merchantReference: string;
  /** Missing for what happened to the payment itself. */
  readonly originalReference?: string;
  readonly operations?: readonly string[];
  readonly paymentMethod: string;
  readonly pspReference: string;
  readonly reason: string;
  readonly success: string;
}

/** Base64; over eight members, nothing escaped. `hmacKey`: 64 hexadecimal characters. */
export function adyenSignature(item: AdyenItem, hmacKey: string): string {
  const { pspReference, originalReference, merchantAccountCode, merchantReference, amount, eventCode, success } = item;
  const text = [
    pspReference,
    originalReference ?? "",
    merchantAccountCode,
    merchantReference,
    amount.value,
    amount.currency,
    eventCode,
    success,
  ].join(":");
  return createHmac("sha256", Buffer.from(hmacKey, "hex")).update(text).digest("base64");
}
