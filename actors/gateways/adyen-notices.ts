/**
 * Adyen's standard JSON notifications to notices (gateways.md §2.2). Eight fields of each item are signed, and nothing
 * around it: they alone decide. All items of a delivery are taken, or none.
 */
import type { GatewayNotice, NoticeClaim, NoticeReader, NoticeRefusal } from "../ports/notices.ts";
import { ADYEN_CLAIMS, ADYEN_INFORMATIONAL } from "./adyen-claims.ts";
import { type AdyenSignatureCheck, createAdyenSignatureCheck, plainText } from "./adyen-signature.ts";
import { type BasicCredentials, createBasicCheck } from "./basic-credentials.ts";
import {
  amountIn,
  compactJson,
  currencyIn,
  idIn,
  INFORMATIONAL,
  nameIn,
  objectIn,
  parseObject,
  sha256Hex,
  UNKNOWN_TYPE,
  unclear,
  withAmount,
} from "./notice-fields.ts";
import { asObject, type Json, rowOf, word } from "./verdicts.ts";

export interface AdyenNoticeOptions {
  /** 64 hexadecimal characters each: several while they rotate. */
  readonly hmacKeys: readonly string[];
  readonly basicAuth: BasicCredentials | null;
  /** Notifications of the other platform are quarantined. */
  readonly live: boolean;
  readonly knowsAccount: (account: string) => boolean;
}

/** Far above any batch that Adyen documents. */
const ITEMS_MAX = 1_000;

/** Creates the reader. Throws, naming the setting, when a key is missing or malformed, or a credential is blank. */
export function createAdyenNoticeReader(options: AdyenNoticeOptions): NoticeReader {
  const isSigned = createAdyenSignatureCheck(options.hmacKeys);
  const isAdyen = createBasicCheck(options.basicAuth);
  return {
    gateway: "adyen",
    read: (body, headers) =>
      isAdyen(headers.authorization) ? readDelivery(body, isSigned, options) : "invalid_signature",
  };
}

function readDelivery(
  body: Uint8Array,
  isSigned: AdyenSignatureCheck,
  options: AdyenNoticeOptions,
): readonly GatewayNotice[] | NoticeRefusal {
  const delivery = parseObject(body);
  const wrapped = delivery?.["notificationItems"];
  if (delivery === undefined || !Array.isArray(wrapped) || wrapped.length === 0 || wrapped.length > ITEMS_MAX)
    return "malformed";
  const items: Json[] = [];
  for (const wrapper of wrapped) {
    const item = objectIn(asObject(wrapper)["NotificationRequestItem"]);
    if (item === undefined) return "malformed";
    items.push(item);
  }
  if (!items.every(isSigned)) return "invalid_signature";
  const isOurMode = plainText(delivery["live"]) === String(options.live); // a text in the documentation, a boolean in the wild
  const notices: GatewayNotice[] = [];
  for (const item of items) {
    const written = compactJson(item);
    if (written === undefined) return "malformed";
    notices.push(readItem(item, sha256Hex(written), isOurMode, options));
  }
  return notices;
}

function readItem(item: Json, bodyHash: string, isOurMode: boolean, options: AdyenNoticeOptions): GatewayNotice {
  const account = nameIn(item["merchantAccountCode"]);
  const { value, currency: code } = asObject(item["amount"]);
  const currency = currencyIn(code);
  const amount = amountIn("adyen", currency, value);
  const claim = quarantineOf(account, isOurMode, options) ?? withAmount(claimOf(item), amount);
  return {
    gateway: "adyen",
    account: account ?? "",
    dedupeKey: dedupeKeyOf(item, claim),
    bodyHash,
    type: nameIn(item["eventCode"]) ?? word(item["eventCode"]),
    operationId: idIn("op", item["merchantReference"]),
    paymentId: null,
    ...referencesOf(item),
    amount,
    currency,
    claim,
  };
}

function quarantineOf(
  account: string | null,
  isOurMode: boolean,
  options: AdyenNoticeOptions,
): NoticeClaim | undefined {
  if (account === null || !options.knowsAccount(account)) return { kind: "quarantined", why: "account" };
  return isOurMode ? undefined : { kind: "quarantined", why: "mode" };
}

function claimOf(item: Json): NoticeClaim {
  const code = nameIn(item["eventCode"]) ?? "";
  const row = rowOf(ADYEN_CLAIMS, code);
  if (row === undefined) return ADYEN_INFORMATIONAL.has(code) ? INFORMATIONAL : UNKNOWN_TYPE;
  if (nameIn(item["pspReference"]) === null) return unclear("pspReference");
  const { success } = item;
  if (success === "true") return row.success(item);
  return success === "false" ? row.refusal(item) : unclear("success");
}

/** The payment keeps the name of its own authorization: what carries another one tells it as the original. */
function referencesOf(item: Json): Pick<GatewayNotice, "paymentReference" | "reference"> {
  const own = nameIn(item["pspReference"]);
  const original = nameIn(item["originalReference"]);
  switch (rowOf(ADYEN_CLAIMS, nameIn(item["eventCode"]) ?? "")?.names) {
    case "payment":
      return { paymentReference: own, reference: null };
    case "cancel": // a technical one may bear the payment's own name alone
      return { paymentReference: original ?? own, reference: original === null ? null : own };
    case "event":
      return { paymentReference: original, reference: null };
    default:
      return { paymentReference: original, reference: own };
  }
}

/**
 * Signed fields alone. What is not to be believed has a key of its own: members around the signed ones can be changed
 * without breaking the signature, and such a copy must not take the place of the true notification.
 */
function dedupeKeyOf(item: Json, claim: NoticeClaim): string {
  const fields = ["merchantAccountCode", "eventCode", "pspReference", "success"];
  const key = fields.map((field) => plainText(item[field])).join("|");
  const own = claim.kind === "unclear" || claim.kind === "quarantined" ? `${key}|${claim.kind}` : key;
  return nameIn(own) ?? `sha256:${sha256Hex(own)}`;
}
