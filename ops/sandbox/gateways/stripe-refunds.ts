/** The simulator's refunds: made with a key, read by id, listed by PaymentIntent in pages like the original's. */
import type { Bookkeeper, KeyedCall } from "./bookkeeper.ts";
import { digestOf } from "./effects.ts";
import { type Answer, jsonAnswer } from "./exchange.ts";
import { type PaymentRecord, refundableOf, stepAfter } from "./payment-record.ts";
import { isStripeAmount, refundIdOf, refundOf, stripeInvalid, stripeMissing } from "./stripe-words.ts";
import { tokenRow } from "./tokens.ts";
import { modify } from "./troubles.ts";

const TEXT_MAX = 200;
const PAGE_SIZE = 10;
const PAGE_SIZE_MAX = 100;

export class StripeRefunds {
  readonly #books: Bookkeeper;

  constructor(books: Bookkeeper) {
    this.#books = books;
  }

  /** `form`: payment_intent, amount (all that is left when it is missing), metadata. */
  create(call: KeyedCall, form: URLSearchParams): Promise<Answer> {
    const id = form.get("payment_intent") ?? "";
    return this.#books.answer(call, () =>
      this.#books.alone(id, async () => {
        const record = this.#books.records.byId(call.account, id);
        return record === undefined ? stripeMissing("payment_intent", id) : this.#refund(call, form, record);
      }),
    );
  }

  async #refund(call: KeyedCall, form: URLSearchParams, record: PaymentRecord): Promise<Answer> {
    const left = refundableOf(record);
    if (record.captured === 0) return stripeInvalid("This PaymentIntent has no successful charge to refund.");
    if (record.disputed > 0) return stripeInvalid("The charge is disputed.", { code: "charge_disputed" });
    if (left === 0) return stripeInvalid("The charge has been refunded.", { code: "charge_already_refunded" });
    const amount = Number(form.get("amount") ?? left);
    if (!isStripeAmount(record.currency, amount) || amount > left)
      return stripeInvalid("Refund amount is not positive, or greater than what is left.", { param: "amount" });
    const open: PaymentRecord = {
      ...stepAfter(record, call, {
        at: this.#books.nowMs(),
        step: "refund",
        stepAmount: amount,
        stepOperation: (form.get("metadata[operation_id]") ?? "").slice(0, TEXT_MAX),
        stepReference: digestOf(`${call.account}:${call.key}`),
      }),
      stepRefundId: (form.get("metadata[refund_id]") ?? "").slice(0, TEXT_MAX),
    };
    return modify(this.#books, tokenRow("stripe", record.token)?.refund, open, "refund");
  }

  retrieve(account: string, refundId: string): Answer {
    const record = this.#books.records.byRefund(account, refundId.slice("re_".length));
    return record === undefined ? stripeMissing("refund", refundId) : jsonAnswer(200, this.#asItIsNow(record));
  }

  /** Newest first. `query`: payment_intent, limit 1 to 100, starting_after. */
  list(account: string, query: URLSearchParams): Answer {
    const id = query.get("payment_intent") ?? "";
    const limit = Number(query.get("limit") ?? PAGE_SIZE);
    const payment = this.#books.records.byId(account, id);
    if (payment === undefined) return stripeMissing("payment_intent", id);
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > PAGE_SIZE_MAX)
      return stripeInvalid("Invalid limit", { param: "limit" });
    const all = [...this.#books.records.refundsOf(payment)];
    const startingAfter = query.get("starting_after");
    const before = startingAfter === null ? -1 : all.findIndex((refund) => refundIdOf(refund) === startingAfter);
    if (startingAfter !== null && before === -1) return stripeMissing("refund", startingAfter);
    const page = all.slice(before + 1, before + 1 + limit);
    return jsonAnswer(200, {
      object: "list",
      data: page.map((refund) => this.#asItIsNow(refund)),
      has_more: before + 1 + limit < all.length,
      url: "/v1/refunds",
    });
  }

  #asItIsNow(record: PaymentRecord): Readonly<Record<string, unknown>> {
    return refundOf(record, this.#books.isSettled(record));
  }
}
