/**
 * Adyen's signature of one notification item (gateways.md §2.2): HMAC-SHA256 over eight values joined by colons, without
 * any escaping. Checked here and not by the SDK, which takes an empty key and throws at a missing signature.
 */
import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { asObject, type Json } from "./verdicts.ts";

const KEY = /^[0-9a-f]{64}$/i;
const DIGEST = /^[A-Za-z0-9+/]{43}=$/;

/** True when the item's signature is right by one of the keys. Never throws. */
export type AdyenSignatureCheck = (item: Json) => boolean;

/**
 * Creates the check by any of `hmacKeys` (several while they rotate). Throws, naming the setting, without a key or with
 * one that is not 64 hexadecimal characters: Node would cut it where the hex ends, and sign with the rest.
 */
export function createAdyenSignatureCheck(hmacKeys: readonly string[]): AdyenSignatureCheck {
  if (hmacKeys.length === 0) throw new Error("Adyen notifications: hmacKeys has no key");
  const keys = hmacKeys.map((text, i) => {
    if (!KEY.test(text)) throw new Error(`Adyen notifications: hmacKeys[${i}] must be 64 hexadecimal characters`);
    return createSecretKey(text, "hex");
  });
  return (item) => {
    const signature = asObject(item["additionalData"])["hmacSignature"];
    const text = signedTextOf(item);
    if (typeof signature !== "string" || !DIGEST.test(signature) || text === undefined) return false;
    const digest = Buffer.from(signature, "base64");
    return keys.some((key) => timingSafeEqual(digest, createHmac("sha256", key).update(text).digest()));
  };
}

/**
 * What Adyen has signed of an item: eight values in Adyen's order, an absent one empty. Undefined: one of them is not
 * plain. Colons inside a value are not escaped, so the same text can be cut in other ways: whoever reads the values must
 * check their form.
 */
export function signedTextOf(item: Json): string | undefined {
  const amount = asObject(item["amount"]);
  const values = [
    item["pspReference"],
    item["originalReference"],
    item["merchantAccountCode"],
    item["merchantReference"],
    amount["value"],
    amount["currency"],
    item["eventCode"],
    item["success"],
  ].map(plainText);
  return values.includes(undefined) ? undefined : values.join(":");
}

/** A value as it stands in the signed text; undefined: an object. */
export function plainText(value: unknown): string | undefined {
  if (value === undefined || value === null) return "";
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
