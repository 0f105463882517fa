/**
 * A body as a validated value, or the refusal that says which field and why. Order: JSON, card data, schema, amount,
 * idempotency key.
 */
import { CURRENCIES, type FieldError, parseAmount, type Refusal, refuse } from "../actors/domain/index.ts";
import type { Validator } from "typebox/compile";
import { findCardData } from "./card-fields.ts";
import { describeErrors } from "./field-errors.ts";
import { parseStrictObject } from "./strict-json.ts";

/** Most errors that one answer lists. */
export const ERRORS_MAX = 20;

type Json = Readonly<Record<string, unknown>>;
/** By which currency the amount of a body is judged; null: the body has none. */
export type CurrencyOf = (body: Json) => string | null;

export const currencyIn: CurrencyOf = (body) => (typeof body["currency"] === "string" ? body["currency"] : "");

/** The body does not say the payment's currency: what no currency allows is refused here, the rest by who knows it. */
export const widestCurrency: CurrencyOf = () => WIDEST;
export const noAmount: CurrencyOf = () => null;
const WIDEST = Object.keys(CURRENCIES).reduce((widest, code) =>
  maxMinorOf(code) > maxMinorOf(widest) ? code : widest,
);

function maxMinorOf(code: string): bigint {
  return CURRENCIES[code]?.maxMinor ?? 0n;
}

/** `amountMinor`: null when the body has no amount. */
export interface ReadBody<Body> {
  readonly kind: "body";
  readonly value: Body;
  readonly amountMinor: bigint | null;
}

export type Schema = Validator;

/** Reads a body that `schema` describes. `idempotencyKey`: what the body may say again; null where it has no such member. */
export function readBody<Body>(
  schema: Schema,
  body: Uint8Array,
  idempotencyKey: string | null,
  currencyOf: CurrencyOf,
): ReadBody<Body> | Refusal {
  const json = parseStrictObject(body);
  if (json.kind === "invalid") return refuse("invalid_json", json.reason);
  if (json.kind === "duplicate")
    return refuse("duplicate_field", "A field stands twice in the body.", {
      errors: [{ pointer: json.pointer, code: "duplicate_field", detail: "The field stands twice." }],
    });
  const card = findCardData(json.value);
  if (card !== undefined) return refuseCardData(card);
  const amountText = json.numberTexts.get("amount") ?? null;
  const amount = readAmount(json.value, amountText, currencyOf);
  if (!schema.Check(json.value)) {
    const found = describeErrors(json.value, () => schema.Errors(json.value));
    return refuseFields([
      ...found.filter((error) => error.pointer !== "/amount" || amount === null),
      ...asList(amount),
    ]);
  }
  if (amount !== null && typeof amount !== "bigint") return refuseFields([amount]);
  const key = json.value["idempotency_key"];
  if (key !== undefined && key !== idempotencyKey)
    return refuse("invalid_idempotency_key", "The body's idempotency_key differs from the header.");
  return { kind: "body", value: json.value as Body, amountMinor: amount };
}

/**
 * The amount from the exact text of the number: as it is written, for a parsed one may be rounded already.
 * Null: there is no number, which the schema reports better, or finds in order.
 */
function readAmount(body: Json, text: string | null, currencyOf: CurrencyOf): bigint | FieldError | null {
  if (text === null || typeof body["amount"] !== "number") return null;
  const currency = currencyOf(body);
  if (currency === null) return null;
  const verdict = parseAmount(text, currency);
  if (verdict.kind === "amount") return verdict.amountMinor;
  return { pointer: "/amount", code: verdict.kind, detail: AMOUNT_DETAILS[verdict.kind] };
}
const AMOUNT_DETAILS = {
  not_integer: "The amount is a plain integer in minor units.",
  out_of_range: "The amount is below 1 or over the currency's limit.",
} as const;

const asList = (amount: bigint | FieldError | null): readonly FieldError[] =>
  amount === null || typeof amount === "bigint" ? [] : [amount];

/** One refusal for all fields. An amount that is only out of range has a code of its own. */
export function refuseFields(errors: readonly FieldError[]): Refusal {
  const only = errors.length === 1 ? errors[0] : undefined;
  if (only?.code === "out_of_range") return refuse("amount_out_of_range", only.detail, { errors });
  return refuse("validation_failed", "One or more fields are not valid.", { errors: errors.slice(0, ERRORS_MAX) });
}

export const refuseCardData = (pointer: string): Refusal =>
  refuse("card_data_not_accepted", "Card data is never accepted here; send the token of a gateway.", {
    errors: [{ pointer, code: "card_data", detail: "The field looks like card data." }],
  });
