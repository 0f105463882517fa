/**
 * Stripe's events to notices (gateways.md §2.1). The whole body is signed; still an event is a hint, for Stripe sends it
 * in any order: a query of the object decides what it says about money.
 */
import type { GatewayNotice, NoticeClaim, NoticeReader } from "../ports/notices.ts";
import {
  amountIn,
  currencyIn,
  idIn,
  nameIn,
  parseObject,
  sha256Hex,
  UNKNOWN_TYPE,
  unclear,
  withAmount,
} from "./notice-fields.ts";
import { STRIPE_CLAIMS, STRIPE_INFORMATIONAL } from "./stripe-claims.ts";
import { createStripeSignatureCheck } from "./stripe-signature.ts";
import { asObject, type Json, rowOf } from "./verdicts.ts";

export interface StripeNoticeOptions {
  /** The endpoint's signing secrets, `whsec_…`: several while they rotate. */
  readonly secrets: readonly string[];
  /** Events of the other mode are quarantined. */
  readonly livemode: boolean;
  readonly knowsAccount: (account: string) => boolean;
  /** The account of an event that names none, for its endpoint is the account's own; null: such an event is quarantined. */
  readonly endpointAccount: string | null;
}

/** Creates the reader. Throws, naming the setting, when a secret is missing, blank or none of Stripe's. */
export function createStripeNoticeReader(options: StripeNoticeOptions): NoticeReader {
  const isSigned = createStripeSignatureCheck(options.secrets);
  return {
    gateway: "stripe",
    read: (body, headers, nowMs) => {
      if (!isSigned(body, headers["stripe-signature"], nowMs)) return "invalid_signature";
      const event = parseObject(body);
      const notice = event && readEvent(event, sha256Hex(body), options);
      return notice === undefined ? "malformed" : [notice];
    },
  };
}

/** Undefined: an event that has no name or no type. */
function readEvent(event: Json, bodyHash: string, options: StripeNoticeOptions): GatewayNotice | undefined {
  const id = nameIn(event["id"]);
  const type = nameIn(event["type"]);
  if (id === null || type === null) return undefined;
  const account = nameIn(event["account"] ?? options.endpointAccount);
  const subject = readSubject(type, asObject(asObject(event["data"])["object"]));
  return {
    gateway: "stripe",
    account: account ?? "",
    dedupeKey: `${account ?? ""}|${id}`,
    bodyHash,
    type,
    ...subject,
    claim: quarantineOf(event, account, options) ?? subject.claim,
  };
}

function quarantineOf(event: Json, account: string | null, options: StripeNoticeOptions): NoticeClaim | undefined {
  if (account === null || !options.knowsAccount(account)) return { kind: "quarantined", why: "account" };
  return event["livemode"] === options.livemode ? undefined : { kind: "quarantined", why: "mode" };
}

type Subject = Omit<GatewayNotice, "gateway" | "account" | "dedupeKey" | "bodyHash" | "type">;
const NO_SUBJECT = {
  operationId: null,
  paymentId: null,
  paymentReference: null,
  reference: null,
  amount: null,
  currency: null,
};

/** What an event of this type says about its object. */
function readSubject(type: string, object: Json): Subject {
  const row = rowOf(STRIPE_CLAIMS, type);
  if (row === undefined) return { ...NO_SUBJECT, claim: rowOf(STRIPE_INFORMATIONAL, type) ?? UNKNOWN_TYPE };
  if (object["object"] !== row.object) return { ...NO_SUBJECT, claim: unclear("object") };
  const { claim, operationIn, amount: units } = row.read(object);
  const id = nameIn(object["id"]);
  const metadata = asObject(object["metadata"]);
  const currency = currencyIn(String(nameIn(object["currency"])).toUpperCase());
  const amount = amountIn("stripe", currency, units);
  return {
    operationId: idIn("op", metadata[operationIn]),
    paymentId: idIn("pay", metadata["payment_id"]),
    paymentReference: row.object === "payment_intent" ? id : nameIn(object["payment_intent"]),
    reference: row.object === "refund" ? id : null,
    amount,
    currency,
    claim: id === null ? unclear("id") : withAmount(claim, amount),
  };
}
