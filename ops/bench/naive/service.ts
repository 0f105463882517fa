/**
 * The payment service as one would write it first: the same server, tokens, validation, encryption, tables and domain
 * as the cluster, but two transactions per payment on a pool of connections, a statement a row, and row locks instead of
 * a single writer. It is what the benchmark compares the cluster with, so nothing in it is slower on purpose.
 */
import type pg from "pg";
import {
  accept,
  gatewayKeyOf,
  mintId,
  refuse,
  REFUSALS,
  transition,
  type Operation,
  type Payment,
  type PaymentTerms,
  type Refusal,
  type Transition,
} from "../../../actors/domain/index.ts";
import type {
  Clock,
  CreatePayment,
  Gateway,
  MerchantProfile,
  Presenter,
  Random,
  RequestReader,
  ShardReply,
  ShardRequest,
  StoredReply,
  Vault,
} from "../../../actors/index.ts";
import {
  findKey,
  insertJournal,
  insertKey,
  insertPayment,
  insertPosting,
  lockMerchant,
  lockPayment,
  readNewest,
} from "./rows.ts";
import type { Statement } from "./rows.ts";

const ROUTE = "POST /v1/payments";
const DEADLINE_MS = 900_000;
const GATEWAY_LIMIT_MS = 20_000;

export interface NaiveParts {
  readonly pool: pg.Pool;
  /** Prepares each statement once per connection under its name. */
  readonly careful: boolean;
  readonly reader: RequestReader;
  readonly presenter: Presenter;
  readonly vault: Vault;
  readonly gateway: Gateway;
  readonly merchants: ReadonlyMap<string, MerchantProfile>;
  readonly clock: Clock;
  readonly random: Random;
}

type CreateRequest = Extract<ShardRequest, { kind: "createPayment" }>;

interface KeyFound {
  readonly fingerprint: Buffer;
  readonly reply_status: number | null;
  readonly reply_body: Buffer | null;
}

export class NaiveService {
  readonly #parts: NaiveParts;

  constructor(parts: NaiveParts) {
    this.#parts = parts;
  }

  /** Answers one request. Never throws: what fails becomes a refusal. */
  async handle(request: ShardRequest): Promise<ShardReply> {
    if (request.kind !== "createPayment")
      return this.#refusal(request, refuse("not_found", "not part of this service"));
    try {
      return await this.#create(request);
    } catch (error) {
      return this.#refusal(request, refuse("storage_unavailable", String(error)));
    }
  }

  async #create(request: CreateRequest): Promise<ShardReply> {
    const { reader, merchants, clock } = this.#parts;
    const command = reader.readCreatePayment(request.body, request.idempotencyKey);
    if ("kind" in command) return this.#refusal(request, command);
    const merchant = merchants.get(request.merchantId);
    if (merchant === undefined) return this.#refusal(request, refuse("shard_unavailable", "unknown merchant"));
    const accepted = await this.#accept(request, command, merchant);
    if ("ticket" in accepted) return accepted;
    const startMs = clock.monotonicMs();
    const captured = await this.#charge(accepted, command);
    const gatewayMs = clock.monotonicMs() - startMs;
    return replyOf(request, await this.#finish(accepted, captured, request.requestId), false, gatewayMs);
  }

  /** T1: key, payment, journal. The payment, or the answer to a key that is taken. */
  async #accept(
    request: CreateRequest,
    command: CreatePayment,
    merchant: MerchantProfile,
  ): Promise<Payment | ShardReply> {
    const { vault, clock } = this.#parts;
    const first = accept(...this.#decide(request, command, merchant));
    const { terms, operation } = first.payment;
    const plain = {
      paymentMethod: command.paymentMethod,
      ...(command.customer !== null && { customer: command.customer }),
    };
    const sealed = vault.seal(terms, Buffer.from(JSON.stringify(plain), "utf8"));
    const keyRow = {
      merchantId: merchant.id,
      key: request.idempotencyKey,
      route: ROUTE,
      fingerprint: command.fingerprint,
      paymentId: terms.id,
      operationId: operation.id,
    };
    return await this.#inTransaction<Payment | ShardReply>(async (run) => {
      await run(lockMerchant(merchant.id));
      if ((await run(insertKey(keyRow, merchant.slot))).length === 0) {
        const [found] = (await run(findKey(merchant.id, request.idempotencyKey))) as KeyFound[];
        return { keep: false, value: this.#repeat(request, command, found) };
      }
      await run(insertPayment(first.payment, request.idempotencyKey, sealed));
      const data = JSON.stringify({ pendingReason: first.payment.operation.pendingReason });
      const row = insertJournal(first, {
        cause: cause(request.requestId),
        recordedAtMs: clock.nowMs(),
        data,
        reply: null,
      });
      await run(row);
      return { keep: true, value: { ...first.payment, chainHead: row.hash } };
    });
  }

  #decide(request: CreateRequest, command: CreatePayment, merchant: MerchantProfile): [PaymentTerms, Operation] {
    const { clock, random } = this.#parts;
    const nowMs = clock.nowMs();
    const gateway = merchant.gateways[0];
    if (gateway === undefined) throw new Error("the merchant has no gateway");
    const { slot } = merchant;
    const terms: PaymentTerms = {
      id: mintId("pay", slot, nowMs, random.bytes(8)),
      merchantId: merchant.id,
      slot,
      amountMinor: command.amountMinor,
      currency: command.currency,
      captureMethod: command.captureMethod,
      gateway: gateway.name,
      gatewayAccount: gateway.account,
      merchantReference: command.merchantReference,
      description: command.description,
      metadataJson: command.metadataJson,
      createdAtMs: nowMs,
    };
    const kind = command.captureMethod === "automatic" ? "sale" : "authorize";
    const operation: Operation = {
      id: mintId("op", slot, nowMs, random.bytes(8)),
      kind,
      state: "submitted",
      amountMinor: command.amountMinor,
      gatewayKey: gatewayKeyOf(merchant.id, request.idempotencyKey, kind, 1),
      attempt: 1,
      submittedAtMs: nowMs,
      deadlineAtMs: nowMs + DEADLINE_MS,
      reference: null,
      pendingReason: "outcome_unknown",
      needsReview: false,
      failure: null,
      note: null,
    };
    return [terms, operation];
  }

  #repeat(request: CreateRequest, command: CreatePayment, found: KeyFound | undefined): ShardReply {
    if (found === undefined || !found.fingerprint.equals(command.fingerprint))
      return this.#refusal(request, refuse("idempotency_key_reuse", "the key was used with another body"));
    if (found.reply_status === null || found.reply_body === null)
      return this.#refusal(request, refuse("idempotency_key_in_use", "the first request is still running"));
    return replyOf(request, { status: found.reply_status, body: found.reply_body }, true, null);
  }

  /** Asks the gateway, outside any transaction. */
  async #charge(payment: Payment, command: CreatePayment): Promise<Transition> {
    const { gateway, clock } = this.#parts;
    const { terms, operation } = payment;
    const observed = await gateway.run({
      operationId: operation.id,
      paymentId: terms.id,
      merchantId: terms.merchantId,
      kind: operation.kind,
      action: "execute",
      try: 1,
      earlierTryOpen: false,
      gateway: terms.gateway,
      account: terms.gatewayAccount,
      gatewayKey: operation.gatewayKey,
      gatewayReference: null,
      amountMinor: operation.amountMinor,
      currency: terms.currency,
      paymentMethod: command.paymentMethod,
      timeoutMs: GATEWAY_LIMIT_MS,
      notAfterMs: Number.POSITIVE_INFINITY,
    });
    if (observed.kind !== "authorized" && observed.kind !== "captured")
      throw new Error(`the gateway says ${observed.kind}`);
    const next = transition(payment, operation, observed, clock.nowMs());
    if (next === undefined) throw new Error(`${payment.status} + ${observed.kind} is no transition`);
    return next;
  }

  /** T2: postings and the journal row that holds the answer. */
  async #finish(before: Payment, next: Transition, requestId: string): Promise<StoredReply> {
    const { presenter, clock } = this.#parts;
    return await this.#inTransaction(async (run) => {
      await run(lockPayment(before));
      const [newest] = (await run(readNewest(before))) as { readonly version: number }[];
      if (newest?.version !== before.version) throw new Error("the payment went on without us");
      const reply = { status: 201, body: presenter.payment(next.payment, null) };
      await run(insertJournal(next, { cause: cause(requestId), recordedAtMs: clock.nowMs(), data: null, reply }));
      for (const posting of next.postings) await run(insertPosting(next.payment, posting));
      return { keep: true, value: reply };
    });
  }

  /** BEGIN, `work`, COMMIT; ROLLBACK when it throws or wants nothing kept. */
  async #inTransaction<T>(
    work: (
      run: (statement: Statement) => Promise<readonly unknown[]>,
    ) => Promise<{ readonly keep: boolean; readonly value: T }>,
  ): Promise<T> {
    const { pool, careful } = this.#parts;
    const client = await pool.connect();
    const run = async ({ name, text, values }: Statement): Promise<readonly unknown[]> => {
      const query = { text, values: [...values] };
      return (await client.query(careful ? { ...query, name } : query)).rows as readonly unknown[];
    };
    try {
      await client.query("BEGIN");
      const { keep, value } = await work(run);
      await client.query(keep ? "COMMIT" : "ROLLBACK");
      client.release();
      return value;
    } catch (error) {
      client.release(true); // the transaction ends with its connection
      throw error;
    }
  }

  #refusal(request: { readonly ticket: number; readonly requestId: string }, refusal: Refusal): ShardReply {
    return {
      ticket: request.ticket,
      status: REFUSALS[refusal.code].status,
      body: this.#parts.presenter.refusal(refusal, request.requestId),
      problem: true,
      code: refusal.code,
      replayed: false,
      retryAfterS: null,
      location: null,
      gatewayMs: null,
      final: false,
      rate: null,
    };
  }
}

const cause = (requestId: string): string => `request:${requestId}`;

const replyOf = (
  request: CreateRequest,
  reply: StoredReply,
  replayed: boolean,
  gatewayMs: number | null,
): ShardReply => ({
  ticket: request.ticket,
  status: reply.status,
  body: reply.body,
  problem: reply.status >= 400,
  code: null,
  replayed,
  retryAfterS: null,
  location: null,
  gatewayMs,
  final: true,
  rate: null,
});
