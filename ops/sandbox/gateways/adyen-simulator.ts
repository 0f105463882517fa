/** A server that the official Adyen SDK talks to: payments and their modifications, idempotent by key like the original. */
import { adyenError, adyenPaymentMethods, ADYEN_DIALECT } from "./adyen-words.ts";
import { Bookkeeper, type BookkeeperOptions, type KeyedCall } from "./bookkeeper.ts";
import { chargedTerms } from "./echo.ts";
import { after, digestOf } from "./effects.ts";
import { type Answer, jsonAnswer, type SimulatedRequest } from "./exchange.ts";
import { chargeKindOf, type HappeningKind } from "./happening.ts";
import { happenLater, type LateOutcome } from "./late-effects.ts";
import { type PaymentRecord, refundableOf, stepAfter, UNTOUCHED } from "./payment-record.ts";
import { type Sequel, type TokenRow, tokenRow } from "./tokens.ts";
import { charge, modify } from "./troubles.ts";

type Json = Readonly<Record<string, unknown>>;

const ROUTE = /^(?:\/checkout)?\/v\d{1,3}\/(payments|cancels)(?:\/(\w{1,60})\/(captures|cancels|refunds))?$/;
/** It changes nothing: whoever asks whether Adyen is there may call it. */
const METHODS_ROUTE = /^(?:\/checkout)?\/v\d{1,3}\/paymentMethods$/;
const REVOKED_KEY = "revoked";
const TEXT_MAX = 200;

const NOBODY: TokenRow = {
  token: "",
  gateways: ["adyen"],
  charged: false,
  trouble: "none",
  decline: { stripe: "", adyenCode: "8", adyenReason: "Invalid Card Number" },
  meaning: "unknown",
};

const asJson = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const asText = (value: unknown): string => (typeof value === "string" ? value.slice(0, TEXT_MAX) : "");

export class AdyenSimulator {
  readonly #books: Bookkeeper;

  constructor(options: BookkeeperOptions) {
    this.#books = new Bookkeeper(ADYEN_DIALECT, options);
  }

  recover(): Promise<void> {
    return this.#books.recover();
  }
  close(): Promise<void> {
    return this.#books.close();
  }
  get books(): Bookkeeper {
    return this.#books;
  }
  happenLater(what: Sequel, cause: { readonly account: string; readonly key: string }): Promise<LateOutcome> {
    return happenLater(this.#books, what, cause);
  }

  async handle(request: SimulatedRequest): Promise<Answer> {
    const { method, path, headers, body } = request;
    const apiKey = headers["x-api-key"];
    if (typeof apiKey !== "string" || apiKey === "" || apiKey === REVOKED_KEY)
      return adyenError(401, "000", "HTTP Status Response - Unauthorized", "security");
    if (method === "POST" && METHODS_ROUTE.test(path)) return adyenPaymentMethods(parse(body));
    const [, root, psp, verb] = ROUTE.exec(path) ?? [];
    if (method !== "POST" || root === undefined || (root === "cancels" && verb !== undefined))
      return adyenError(404, "905", `no such path: ${path}`, "internal");
    const key = headers["idempotency-key"];
    if (typeof key !== "string" || key === "" || key.length > 64)
      return adyenError(422, "708", "The sandbox requires an Idempotency-Key.");
    const json = parse(body);
    const account = asText(json?.["merchantAccount"]);
    if (json === undefined || account === "") return adyenError(403, "901", "Invalid Merchant Account", "security");
    const call: KeyedCall = { account, key, fingerprint: digestOf(`${path}\n${body}`) };
    if (root === "cancels") return this.#technicalCancel(call, json);
    return verb === undefined ? this.#pay(call, json) : this.#modify(call, json, psp as string, verb);
  }

  async #pay(call: KeyedCall, json: Json): Promise<Answer> {
    const { value, currency } = asJson(json["amount"]);
    const token = asText(asJson(json["paymentMethod"])["storedPaymentMethodId"]);
    const operationId = asText(json["reference"]);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || !/^[A-Z]{3}$/.test(String(currency)))
      return adyenError(422, "100", "No amount specified");
    if (operationId === "") return adyenError(422, "130", "Reference Missing");
    if (token === "") return adyenError(422, "14_006", "Required object 'paymentMethod' is not provided.");
    return this.#books.answer(call, async (again) => {
      const at = this.#books.nowMs();
      const isOld = this.#books.records.byKey(call.account, call.key)?.answer === "ok"; // its 7 days are over
      const open: PaymentRecord = {
        at,
        ...call,
        answer: "ok",
        step: "charge",
        stepAmount: value,
        stepOperation: operationId,
        stepReference: "",
        id: digestOf(`${call.account}:${call.key}${isOld ? at : ""}`).toUpperCase(),
        operationId,
        paymentId: asText(json["merchantOrderReference"]),
        amount: value,
        currency: String(currency),
        manual: asJson(json["additionalData"])["manualCapture"] === "true",
        token: token.slice(0, 64),
        state: "open",
        ...UNTOUCHED,
      };
      const row = tokenRow("adyen", token) ?? NOBODY;
      const kind = chargeKindOf(open);
      if (row.decline !== undefined)
        return this.#books.note({ ...open, answer: "declined", state: "declined" }, { kind, success: false });
      const charged = chargedTerms(row, open);
      const { amount } = charged;
      const paid = { ...open, ...charged, stepAmount: amount, ...after({ kind, amount }, open) };
      return charge(this.#books, row, again, paid, open);
    });
  }

  /** A well-formed one is always `received`; whether it takes effect, a webhook tells. */
  #modify(call: KeyedCall, json: Json, psp: string, verb: string): Promise<Answer> {
    return this.#books.answer(call, () =>
      this.#books.alone(psp, async () => {
        const record = this.#books.records.byId(call.account, psp);
        if (record === undefined) return adyenError(422, "167", "Original pspReference required for this operation");
        const kind = KIND_OF_VERB[verb] ?? "refund";
        const { value, currency } = asJson(json["amount"]);
        if (kind === "void") return this.#apply(call, record, kind, record.amount, asText(json["reference"]));
        if (value === undefined) return adyenError(422, "100", "No amount specified");
        if (currency !== record.currency) return adyenError(422, "138", "Unsupported currency specified");
        if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
          return adyenError(422, "137", "Invalid amount specified");
        return this.#apply(call, record, kind, value, asText(json["reference"]));
      }),
    );
  }

  #technicalCancel(call: KeyedCall, json: Json): Promise<Answer> {
    const reference = asText(json["paymentReference"]);
    const find = (): PaymentRecord | undefined => this.#books.records.byOperation(call.account, reference);
    const cancel = async (): Promise<Answer> => {
      const record = find();
      if (record !== undefined)
        return this.#apply(call, record, "void", record.amount, asText(json["reference"]), "technical_cancel");
      // Of what Adyen does not know it tells nothing: the payment may be on its way still.
      const pspReference = digestOf(`${call.account}:${call.key}`).toUpperCase();
      return jsonAnswer(201, {
        merchantAccount: call.account,
        paymentReference: reference,
        pspReference,
        status: "received",
      });
    };
    return this.#books.answer(call, () => {
      const psp = find()?.id;
      return psp === undefined ? cancel() : this.#books.alone(psp, cancel);
    });
  }

  /** What cannot be done is received as well, and refused by its webhook. */
  #apply(
    call: KeyedCall,
    record: PaymentRecord,
    kind: "capture" | "void" | "refund",
    amount: number,
    operationId: string,
    told: HappeningKind = kind,
  ): Promise<Answer> {
    const next = stepAfter(record, call, {
      at: this.#books.nowMs(),
      step: kind,
      stepAmount: amount,
      stepOperation: operationId === "" ? record.operationId : operationId,
      stepReference: digestOf(`${call.account}:${call.key}`).toUpperCase(),
    });
    const left = kind === "refund" ? refundableOf(record) : record.amount;
    const allowed = kind === "refund" ? record.state === "captured" : record.state === "authorized";
    if (!allowed || amount > left) return this.#books.note(next, { kind: told, success: false });
    if (kind === "void") return this.#books.effect({ ...next, ...after({ kind, amount }, record) }, kind, told);
    return modify(this.#books, tokenRow("adyen", record.token)?.[kind], next, kind);
  }
}

const KIND_OF_VERB: Readonly<Record<string, "capture" | "void" | "refund">> = {
  captures: "capture",
  cancels: "void",
  refunds: "refund",
};

/** The body's JSON object, or undefined. */
function parse(body: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
