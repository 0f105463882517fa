/**
 * Reads the body of a request once, on the thread of the shard that owns the merchant: bytes to a validated value,
 * or to a refusal that says which field and why. Order: JSON, card data, schema, amount, idempotency key.
 */
import { type FieldError, type GatewayName, type Refusal, parseAmount, refuse } from "../actors/domain/index.ts";
import type { CreatePayment, RequestReader } from "../actors/index.ts";
import { Compile } from "typebox/compile";
import { Settings } from "typebox/system";
import { holdsCardNumber, isCardField } from "./card-data.ts";
import { describeErrors } from "./field-errors.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { CREATE_PAYMENT, type CreatePaymentBody } from "./schemas.ts";
import { parseStrictObject, pointerSegment } from "./strict-json.ts";

/** Most errors that one answer lists. */
const ERRORS_MAX = 20;

/** Compiles the schemas (milliseconds) and returns the reader. One per thread is enough. */
export function createRequestReader(): RequestReader {
  Settings.Set({ maxErrors: ERRORS_MAX });
  const schema = Compile(CREATE_PAYMENT);
  return {
    readCreatePayment(body, idempotencyKey) {
      const json = parseStrictObject(body);
      if (json.kind === "invalid") return refuse("invalid_json", json.reason);
      if (json.kind === "duplicate")
        return refuse("duplicate_field", "A field stands twice in the body.", {
          errors: [{ pointer: json.pointer, code: "duplicate_field", detail: "The field stands twice." }],
        });
      const card = findCardData(json.value, false);
      if (card !== undefined) return refuseCardData(card);
      const amount = readAmount(json.value, json.numberTexts.get("amount"));
      if (!schema.Check(json.value)) {
        const found = describeErrors(json.value, () => schema.Errors(json.value));
        return refuseFields([
          ...found.filter((error) => error.pointer !== "/amount" || amount === null),
          ...asList(amount),
        ]);
      }
      if (typeof amount !== "bigint") return refuseFields(asList(amount));
      const key = json.value.idempotency_key;
      if (key !== undefined && key !== idempotencyKey)
        return refuse("invalid_idempotency_key", "The body's idempotency_key differs from the header.");
      return toCreatePayment(json.value, amount);
    },
  };
}

/**
 * The amount from the exact text of the number: as it is written, for a parsed one may be rounded already.
 * Null: there is no number, which the schema reports better.
 */
function readAmount(body: Readonly<Record<string, unknown>>, text: string | undefined): bigint | FieldError | null {
  if (text === undefined || typeof body["amount"] !== "number") return null;
  const verdict = parseAmount(text, typeof body["currency"] === "string" ? body["currency"] : "");
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

/** Names that need no look: our own. */
const OWN_FIELDS: ReadonlySet<string> = new Set(Object.keys(CREATE_PAYMENT.properties));

/**
 * Pointer to the first member that holds card data. A member whose name is a card number is not named.
 * Recursion ends by the depth limit of the JSON reader.
 */
function findCardData(value: object, inMetadata: boolean): string | undefined {
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (!OWN_FIELDS.has(name)) {
      if (holdsCardNumber(name)) return "";
      if (isCardField(name, inMetadata)) return pointerSegment(name);
    }
    if (typeof member === "string") {
      if (holdsCardNumber(member)) return pointerSegment(name);
    } else if (typeof member === "number") {
      if (name !== "amount" && holdsCardNumber(String(member))) return pointerSegment(name);
    } else if (typeof member === "object" && member !== null) {
      const found = findCardData(member, inMetadata || name === "metadata");
      if (found !== undefined) return pointerSegment(name) + found;
    }
  }
  return undefined;
}

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
