/**
 * Reads the body of a request once, on the thread of the shard that owns the merchant: bytes to a validated value,
 * or to a refusal that says which field and why. Order: JSON, card data, schema, amount, idempotency key.
 */
import {
  type Command,
  CURRENCIES,
  type FieldError,
  type GatewayName,
  type Refusal,
  parseAmount,
  refuse,
} from "../actors/domain/index.ts";
import type { CreatePayment, ModifyPayment, RequestReader } from "../actors/index.ts";
import { Compile, type Validator } from "typebox/compile";
import { Settings } from "typebox/system";
import { findCardData } from "./card-fields.ts";
import { describeErrors } from "./field-errors.ts";
import { fingerprintOf, fingerprintOfModification } from "./fingerprint.ts";
import { CANCEL_PAYMENT, CAPTURE_PAYMENT, CREATE_PAYMENT, CREATE_REFUND, type CreatePaymentBody } from "./schemas.ts";
import { parseStrictObject } from "./strict-json.ts";

/** Most errors that one answer lists. */
const ERRORS_MAX = 20;

/** What a capture, cancel or refund may say: the union of their members. */
interface ModificationBody {
  readonly reason?: string;
}

/** Compiles the schemas (milliseconds) and returns the reader. One per thread is enough. */
export function createRequestReader(): RequestReader {
  Settings.Set({ maxErrors: ERRORS_MAX });
  const creation = Compile(CREATE_PAYMENT);
  const modifications: { readonly [C in Command]: readonly [Schema, CurrencyOf] } = {
    capture: [Compile(CAPTURE_PAYMENT), widestCurrency],
    cancel: [Compile(CANCEL_PAYMENT), noAmount],
    refund: [Compile(CREATE_REFUND), widestCurrency],
  };
  return {
    readCreatePayment(body, idempotencyKey) {
      const read = readBody<CreatePaymentBody>(creation, body, idempotencyKey, currencyIn);
      if (read.kind === "refusal") return read;
      if (read.amountMinor === null) throw new Error("a payment without an amount passed its schema");
      return toCreatePayment(read.value, read.amountMinor);
    },
    readModification(command, paymentId, body, idempotencyKey): ModifyPayment | Refusal {
      const text = body.length === 0 ? EMPTY_OBJECT : body;
      const [schema, currencyOf] = modifications[command];
      const read = readBody<ModificationBody>(schema, text, idempotencyKey, currencyOf);
      if (read.kind === "refusal") return read;
      const { amountMinor } = read;
      const reason = read.value.reason ?? null;
      const fingerprint = fingerprintOfModification(command, paymentId, amountMinor, reason);
      return { amountMinor, reason, fingerprint };
    },
  };
}

const EMPTY_OBJECT = Buffer.from("{}");

type Json = Readonly<Record<string, unknown>>;
/** By which currency the amount of a body is judged; null: the body has none. */
type CurrencyOf = (body: Json) => string | null;

const currencyIn: CurrencyOf = (body) => (typeof body["currency"] === "string" ? body["currency"] : "");

/** The body does not say the payment's currency: what no currency allows is refused here, the rest by who knows it. */
const widestCurrency: CurrencyOf = () => WIDEST;
const noAmount: CurrencyOf = () => null;
const WIDEST = Object.keys(CURRENCIES).reduce((widest, code) =>
  maxMinorOf(code) > maxMinorOf(widest) ? code : widest,
);

function maxMinorOf(code: string): bigint {
  return CURRENCIES[code]?.maxMinor ?? 0n;
}

/** `amountMinor`: null when the body has no amount. */
interface ReadBody<Body> {
  readonly kind: "body";
  readonly value: Body;
  readonly amountMinor: bigint | null;
}

type Schema = Validator;

function readBody<Body>(
  schema: Schema,
  body: Uint8Array,
  idempotencyKey: string,
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
function refuseFields(errors: readonly FieldError[]): Refusal {
  const only = errors.length === 1 ? errors[0] : undefined;
  if (only?.code === "out_of_range") return refuse("amount_out_of_range", only.detail, { errors });
  return refuse("validation_failed", "One or more fields are not valid.", { errors: errors.slice(0, ERRORS_MAX) });
}

const refuseCardData = (pointer: string): Refusal =>
  refuse("card_data_not_accepted", "Card data is never accepted here; send the token of a gateway.", {
    errors: [{ pointer, code: "card_data", detail: "The field looks like card data." }],
  });

/** From the API's names to ours, with the defaults. */
function toCreatePayment(body: CreatePaymentBody, amountMinor: bigint): CreatePayment {
  const metadata = body.metadata ?? {};
  const request = {
    amountMinor,
    currency: body.currency,
    captureMethod: body.capture_method ?? "automatic",
    gateway: readGateway(body.gateway),
    merchantReference: body.merchant_reference ?? null,
    description: body.description ?? null,
    paymentMethod: body.payment_method,
    customer:
      body.customer === undefined ? null : { email: body.customer.email ?? null, name: body.customer.name ?? null },
  };
  return { ...request, metadataJson: JSON.stringify(metadata), fingerprint: fingerprintOf(request, metadata) };
}

/** Null: the merchant's first. */
const readGateway = (name: CreatePaymentBody["gateway"]): GatewayName | null =>
  name === undefined || name === "auto" ? null : name;
