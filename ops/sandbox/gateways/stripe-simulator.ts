/** A server that the official Stripe SDK talks to: PaymentIntents and refunds, idempotent by key like the original. */
import { Bookkeeper, type BookkeeperOptions, type KeyedCall } from "./bookkeeper.ts";
import { chargedTerms } from "./echo.ts";
import { after, digestOf } from "./effects.ts";
import { type Answer, jsonAnswer, type SimulatedRequest } from "./exchange.ts";
import { chargeKindOf } from "./happening.ts";
import { happenLater, type LateOutcome } from "./late-effects.ts";
import { type PaymentRecord, stepAfter, type StepKind, UNTOUCHED } from "./payment-record.ts";
import { StripeRefunds } from "./stripe-refunds.ts";
import {
  intentOf,
  isStripeAmount,
  STRIPE_DIALECT,
  stripeInvalid,
  stripeMissing,
  stripeWrongState,
} from "./stripe-words.ts";
import { type Sequel, tokenRow } from "./tokens.ts";
import { charge, modify } from "./troubles.ts";

type Form = URLSearchParams;
type Handler = (call: KeyedCall, form: Form, id: string) => Promise<Answer>;

const REVOKED_KEY = "sk_test_revoked";
const ROUTE = /^\/v1\/payment_intents(?:\/(pi_\w{1,60})(?:\/(confirm|capture|cancel))?)?$/;
const REFUND_ROUTE = /^\/v1\/refunds(?:\/(re_\w{1,60}))?$/;
const TEXT_MAX = 200;
const LIST_SIZE = 10;
const LIST_SIZE_MAX = 100;

export class StripeSimulator {
  readonly #books: Bookkeeper;
  readonly #refunds: StripeRefunds;

  constructor(options: BookkeeperOptions) {
    this.#books = new Bookkeeper(STRIPE_DIALECT, options);
    this.#refunds = new StripeRefunds(this.#books);
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
    const apiKey = /^Bearer (sk_\w+)$/.exec(headers.authorization ?? "")?.[1];
    if (apiKey === undefined || apiKey === REVOKED_KEY) return stripeInvalid("Invalid API Key provided.", {}, 401);
    const account = String(headers["stripe-account"] ?? `acct_${apiKey.slice(3)}`).slice(0, TEXT_MAX);
    const answer = method === "GET" ? this.#read(account, request) : undefined;
    if (answer !== undefined) return answer;
    const [, id, verb] = ROUTE.exec(path) ?? (path === "/v1/refunds" ? [path, "", "refund"] : []);
    const handler = path === "/v1/payment_intents" ? this.#create : this.#verbs[verb ?? ""];
    if (method !== "POST" || handler === undefined)
      return stripeInvalid(`Unrecognized request URL (${method}: ${path}).`, {}, 404);
    const key = headers["idempotency-key"];
    if (typeof key !== "string" || key.length > 255) return stripeInvalid("The sandbox requires an Idempotency-Key.");
    return handler({ account, key, fingerprint: digestOf(`${path}\n${body}`) }, new URLSearchParams(body), id ?? "");
  }

  /** Undefined: no such path. */
  #read(account: string, { path, query }: SimulatedRequest): Answer | undefined {
    const [refundPath, refundId] = REFUND_ROUTE.exec(path) ?? [];
    if (refundId !== undefined) return this.#refunds.retrieve(account, refundId);
    if (refundPath !== undefined) return this.#refunds.list(account, new URLSearchParams(query));
    if (path === "/v1/payment_intents") return this.#list(account, new URLSearchParams(query));
    const [, id, verb] = ROUTE.exec(path) ?? [];
    if (id === undefined || verb !== undefined) return undefined;
    const record = this.#books.records.byId(account, id);
    return record === undefined || this.#books.isHidden(id)
      ? stripeMissing("intent", id)
      : jsonAnswer(200, intentOf(record));
  }

  /** The newest ones, for whoever asks whether Stripe is there; further pages are not kept. */
  #list(account: string, query: URLSearchParams): Answer {
    const limit = Number(query.get("limit") ?? LIST_SIZE);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIST_SIZE_MAX)
      return stripeInvalid("Invalid limit", { param: "limit" });
    const newest = this.#books.records.newestOf(account, limit + 1);
    return jsonAnswer(200, {
      object: "list",
      data: newest.slice(0, limit).map(intentOf),
      has_more: newest.length > limit,
      url: "/v1/payment_intents",
    });
  }

  readonly #create: Handler = async (call, form) => {
    const amount = Number(form.get("amount"));
    const currency = (form.get("currency") ?? "").toUpperCase();
    const token = form.get("payment_method") ?? "";
    if (!isStripeAmount(currency, amount)) return stripeInvalid("Invalid integer: amount", { param: "amount" });
    if (!/^[A-Z]{3}$/.test(currency)) return stripeInvalid("Invalid currency", { param: "currency" });
    if (tokenRow("stripe", token) === undefined)
      return stripeInvalid(`No such PaymentMethod: '${token.slice(0, 40)}'`, {
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
        ...UNTOUCHED,
      });
    });
  };

  readonly #confirm: Handler = (call, _, id) =>
    this.#onIntent(call, id, async (record, again) => {
      const row = tokenRow("stripe", record.token);
      if (record.state !== "open" || row === undefined) return stripeWrongState(record);
      const open = this.#step(call, record, "charge", record.amount, null);
      const kind = chargeKindOf(record);
      if (row.decline !== undefined)
        return this.#books.note({ ...open, answer: "declined", state: "declined" }, { kind, success: false });
      const { amount, currency } = chargedTerms(row, record);
      const paid = { ...open, currency, stepAmount: amount, ...after({ kind, amount }, record) };
      return charge(this.#books, row, again, paid, open);
    });

  readonly #capture: Handler = (call, form, id) =>
    this.#onIntent(call, id, async (record) => {
      const amount = Number(form.get("amount_to_capture") ?? record.amount);
      if (record.state !== "authorized") return stripeWrongState(record);
      if (!isStripeAmount(record.currency, amount) || amount > record.amount)
        return stripeInvalid("Invalid amount_to_capture", { code: "amount_too_large", param: "amount_to_capture" });
      const next = this.#step(call, record, "capture", amount, form.get("metadata[capture_operation_id]"));
      return modify(this.#books, tokenRow("stripe", record.token)?.capture, next, "capture");
    });

  readonly #cancel: Handler = (call, _, id) =>
    this.#onIntent(call, id, async (record) => {
      if (record.state === "captured" || record.state === "canceled") return stripeWrongState(record);
      const next: PaymentRecord = { ...this.#step(call, record, "void", record.amount, null), state: "canceled" };
      // Only a reservation has something to release.
      return record.state === "authorized"
        ? this.#books.effect(next, "void")
        : this.#books.note(next, { kind: "void", success: true });
    });

  readonly #verbs: Readonly<Record<string, Handler>> = {
    confirm: this.#confirm,
    capture: this.#capture,
    cancel: this.#cancel,
    refund: (call, form) => this.#refunds.create(call, form),
  };

  #onIntent(
    call: KeyedCall,
    id: string,
    work: (record: PaymentRecord, again: boolean) => Promise<Answer>,
  ): Promise<Answer> {
    return this.#books.answer(call, (again) =>
      this.#books.alone(id, async () => {
        const record = this.#books.records.byId(call.account, id);
        return record === undefined ? stripeMissing("intent", id) : work(record, again);
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
    return stepAfter(record, call, {
      at: this.#books.nowMs(),
      step,
      stepAmount: amount,
      stepOperation: (operationId ?? record.operationId).slice(0, TEXT_MAX),
      stepReference: digestOf(`${call.account}:${call.key}`),
    });
  }
}
