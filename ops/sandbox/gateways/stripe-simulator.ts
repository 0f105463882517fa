/** A server that the official Stripe SDK talks to: PaymentIntents and refunds, idempotent by key like the original. */
import { after, Bookkeeper, type BookkeeperOptions, digestOf, type KeyedCall } from "./bookkeeper.ts";
import { type Answer, jsonAnswer, type SimulatedRequest } from "./exchange.ts";
import type { PaymentRecord, StepKind } from "./records.ts";
import { intentOf, STRIPE_DIALECT, stripeError } from "./stripe-words.ts";
import { tokenRow } from "./tokens.ts";

type Form = URLSearchParams;
type Handler = (call: KeyedCall, form: Form, id: string) => Promise<Answer>;

const REVOKED_KEY = "sk_test_revoked";
const ROUTE = /^\/v1\/payment_intents(?:\/(pi_\w{1,60})(?:\/(confirm|capture|cancel))?)?$/;
const TEXT_MAX = 200;

const invalid = (message: string, more: Readonly<Record<string, unknown>> = {}, status = 400): Answer =>
  stripeError(status, { type: "invalid_request_error", message, ...more });
const missing = (id: string): Answer =>
  invalid(`No such payment_intent: '${id}'`, { code: "resource_missing", param: "intent" }, 404);
const wrongState = (record: PaymentRecord): Answer =>
  invalid("This PaymentIntent's status does not allow this.", {
    code: "payment_intent_unexpected_state",
    payment_intent: intentOf(record),
  });

export class StripeSimulator {
  readonly #books: Bookkeeper;

  constructor(options: BookkeeperOptions) {
    this.#books = new Bookkeeper(STRIPE_DIALECT, options);
  }

  recover(): Promise<void> {
    return this.#books.recover();
  }
  close(): Promise<void> {
    return this.#books.close();
  }

  async handle(request: SimulatedRequest): Promise<Answer> {
    const { method, path, headers, body } = request;
    const apiKey = /^Bearer (sk_\w+)$/.exec(headers.authorization ?? "")?.[1];
    if (apiKey === undefined || apiKey === REVOKED_KEY) return invalid("Invalid API Key provided.", {}, 401);
    const account = String(headers["stripe-account"] ?? `acct_${apiKey.slice(3)}`).slice(0, TEXT_MAX);
    const [, id, verb] = ROUTE.exec(path) ?? (path === "/v1/refunds" ? [path, "", "refund"] : []);
    if (method === "GET" && id !== undefined && id !== "" && verb === undefined) {
      const record = this.#books.records.byId(account, id);
      return record === undefined ? missing(id) : jsonAnswer(200, intentOf(record));
    }
    const handler = path === "/v1/payment_intents" ? this.#create : this.#verbs[verb ?? ""];
    if (method !== "POST" || handler === undefined)
      return invalid(`Unrecognized request URL (${method}: ${path}).`, {}, 404);
    const key = headers["idempotency-key"];
    if (typeof key !== "string" || key.length > 255) return invalid("The sandbox requires an Idempotency-Key.");
    return handler({ account, key, fingerprint: digestOf(`${path}\n${body}`) }, new URLSearchParams(body), id ?? "");
  }

  readonly #create: Handler = async (call, form) => {
    const amount = Number(form.get("amount"));
    const currency = (form.get("currency") ?? "").toUpperCase();
    const token = form.get("payment_method") ?? "";
    if (!Number.isSafeInteger(amount) || amount < 1) return invalid("Invalid integer: amount", { param: "amount" });
    if (!/^[A-Z]{3}$/.test(currency)) return invalid("Invalid currency", { param: "currency" });
    if (tokenRow(token) === undefined)
      return invalid(`No such PaymentMethod: '${token.slice(0, 40)}'`, {
        code: "resource_missing",
        param: "payment_method",
      });
    return this.#books.answer(call, () => {
      const at = this.#books.nowMs();
      const isOld = this.#books.records.byKey(call.account, call.key) !== undefined; // its 24 h are over
      return this.#books.note({
        at,
        ...call,
        answer: "ok",
        step: "create",
        stepAmount: 0,
        stepOperation: "",
        stepReference: "",
        // From the key, so that the id is the same again should the records be lost.
        id: `pi_${digestOf(`${call.account}:${call.key}${isOld ? at : ""}`)}`,
        operationId: (form.get("metadata[operation_id]") ?? "").slice(0, TEXT_MAX),
        paymentId: (form.get("metadata[payment_id]") ?? "").slice(0, TEXT_MAX),
        amount,
        currency,
        manual: form.get("capture_method") === "manual",
        token,
        state: "open",
        captured: 0,
        refunded: 0,
      });
    });
  };

  readonly #confirm: Handler = (call, _, id) =>
    this.#onIntent(call, id, async (record, again) => {
      const row = tokenRow(record.token);
      if (record.state !== "open" || row === undefined) return wrongState(record);
      const open = this.#step(call, record, "charge", record.amount, null);
      if (row.decline !== undefined) return this.#books.note({ ...open, answer: "declined", state: "declined" });
      const amount = record.amount + (row.wrongAmount === true ? 1 : 0);
      const paid = {
        ...open,
        stepAmount: amount,
        ...after({ kind: record.manual ? "authorize" : "sale", amount }, record),
      };
      return this.#books.charge(row, again, paid, open);
    });

  readonly #capture: Handler = (call, form, id) =>
    this.#onIntent(call, id, async (record) => {
      const amount = Number(form.get("amount_to_capture") ?? record.amount);
      if (record.state !== "authorized") return wrongState(record);
      if (!Number.isSafeInteger(amount) || amount < 1 || amount > record.amount)
        return invalid("Invalid amount_to_capture", { code: "amount_too_large", param: "amount_to_capture" });
      const next = this.#step(call, record, "capture", amount, form.get("metadata[capture_operation_id]"));
      return this.#books.effect({ ...next, ...after({ kind: "capture", amount }, record) }, "capture");
    });

  readonly #cancel: Handler = (call, _, id) =>
    this.#onIntent(call, id, async (record) => {
      if (record.state === "captured" || record.state === "canceled") return wrongState(record);
      const next: PaymentRecord = { ...this.#step(call, record, "void", record.amount, null), state: "canceled" };
      // Only a reservation has something to release.
      return record.state === "authorized" ? this.#books.effect(next, "void") : this.#books.note(next);
    });

  readonly #refund: Handler = (call, form) =>
    this.#onIntent(call, form.get("payment_intent") ?? "", async (record) => {
      const amount = Number(form.get("amount") ?? record.captured - record.refunded);
      if (!Number.isSafeInteger(amount) || amount < 1 || amount > record.captured - record.refunded)
        return invalid("Refund amount is greater than what is left.", { code: "charge_already_refunded" });
      const next = this.#step(call, record, "refund", amount, form.get("metadata[operation_id]"));
      return this.#books.effect({ ...next, ...after({ kind: "refund", amount }, record) }, "refund");
    });

  readonly #verbs: Readonly<Record<string, Handler>> = {
    confirm: this.#confirm,
    capture: this.#capture,
    cancel: this.#cancel,
    refund: this.#refund,
  };

  #onIntent(
    call: KeyedCall,
    id: string,
    work: (record: PaymentRecord, again: boolean) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#books.answer(call, (again) =>
      this.#books.alone(id, async () => {
        const record = this.#books.records.byId(call.account, id);
        return record === undefined ? missing(id) : work(record, again);
      }),
    );
  }

  /** The record as this call leaves it, before anything has changed. */
  #step(
    call: KeyedCall,
    record: PaymentRecord,
    step: StepKind,
    amount: number,
    operationId: string | null,
  ): PaymentRecord {
    return {
      ...record,
      ...call,
      at: this.#books.nowMs(),
      answer: "ok",
      step,
      stepAmount: amount,
      stepOperation: (operationId ?? record.operationId).slice(0, TEXT_MAX),
      stepReference: digestOf(`${call.account}:${call.key}`),
    };
  }
}
