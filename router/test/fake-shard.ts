/**
 * A shard without a mailbox, a database or a gateway: what it is asked it decides at once by the real domain, keeps in
 * memory and renders like the real one. What the gateway would say is chosen by the payment's token.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import {
  accept,
  checkRequest,
  type Command,
  type Fact,
  type Failure,
  isOpen,
  mintId,
  type Operation,
  type OperationKind,
  type Payment,
  type PaymentTerms,
  REFUSALS,
  type Refusal,
  refundIdOf,
  refuse,
  request as requestOperation,
  REQUESTED_KIND,
  type Transition,
  transition,
} from "../../actors/domain/index.ts";
import type { Presenter, RequestReader, ShardReply, ShardRequest, StoredReply } from "../../actors/index.ts";
import { FakeBooks, type KeptKey } from "./fake-books.ts";

/** What a token brings about; any other one succeeds. An outcome that is not named for an operation is a success. */
const TOKENS: { readonly [token: string]: { readonly [K in OperationKind]?: "refused" | "open" } } = {
  tok_decline: { authorize: "refused", sale: "refused" },
  tok_decline_insufficient_funds: { authorize: "refused", sale: "refused" },
  tok_pending: { authorize: "open", sale: "open" },
  tok_capture_fails: { capture: "refused" },
  tok_void_fails: { void: "refused" },
  tok_refund_fails: { refund: "refused" },
  tok_refund_pending: { refund: "open" },
};

const FAILURE: Failure = { code: "insufficient_funds", retryable: true, customerAction: null, gatewayCode: "51" };
const SUCCESS: { readonly [K in OperationKind]: Fact } = {
  authorize: { kind: "authorized", reference: "ref_gateway" },
  sale: { kind: "captured", reference: "ref_gateway" },
  capture: { kind: "captured", reference: null },
  void: { kind: "voided", reference: null },
  refund: { kind: "refunded", reference: "re_gateway" },
};
const refusedWith = (kind: Extract<Fact, { failure: Failure }>["kind"]): Fact =>
  kind === "notSubmitted" ? { kind, failure: FAILURE } : { kind, failure: FAILURE, reference: null };
const REFUSED: { readonly [K in OperationKind]: Fact } = {
  authorize: refusedWith("declined"),
  sale: refusedWith("declined"),
  capture: refusedWith("captureFailed"),
  void: refusedWith("voidFailed"),
  refund: refusedWith("refundFailed"),
};

type AnyKeyed = Extract<ShardRequest, { idempotencyKey: string }>;
/** About payments. */
type Keyed = Extract<AnyKeyed, { kind: "createPayment" | Command }>;
type EndpointRequest = Exclude<AnyKeyed, Keyed>;
/** What a request about endpoints asks for, and how to do it. */
interface EndpointChange {
  readonly fingerprint: Uint8Array;
  run(): StoredReply | Refusal;
}
type Answer = Pick<ShardReply, "status" | "body"> & Partial<ShardReply>;

export class FakeShard {
  readonly #reader: RequestReader;
  readonly #presenter: Presenter;
  readonly #books = new FakeBooks();
  /** By merchant and key. */
  readonly #endpointKeys = new Map<string, { readonly fingerprint: string; readonly reply: StoredReply }>();

  constructor(reader: RequestReader, presenter: Presenter) {
    this.#reader = reader;
    this.#presenter = presenter;
  }

  /** The reply; null for a request that nobody waits for. */
  decide(request: ShardRequest): ShardReply | null {
    if (request.kind === "count") return null;
    const answer = this.#answer(request);
    const isProblem = answer.status >= 400;
    return { ...PLAIN, ticket: request.ticket, problem: isProblem, ...answer };
  }

  #answer(request: Exclude<ShardRequest, { kind: "count" }>): Answer {
    if (request.kind === "getPayment") {
      const payment = this.#books.own(request.merchantId, request.paymentId)?.payment;
      return payment === undefined ? this.#refuse(request, NOT_FOUND) : this.#found(payment);
    }
    switch (request.kind) {
      case "read":
        return this.#read(request);
      case "deleteEndpoint":
        return this.#books.endpoints.remove(request.merchantId, request.endpointId)
          ? { status: 204, body: Buffer.alloc(0) }
          : this.#refuse(request, NOT_FOUND);
      case "createEndpoint":
      case "rotateEndpointSecret":
      case "resendEvent":
        return this.#changeEndpoint(request);
      default:
        return this.#keyed(request);
    }
  }

  #read(request: Extract<ShardRequest, { kind: "read" }>): Answer {
    const result = this.#books.read(request.merchantId, request.query);
    if (result === undefined) return this.#refuse(request, NOT_FOUND);
    return { status: 200, body: Buffer.from(this.#presenter.read(result, request.merchantId)) };
  }

  /** The answer is remembered under its key, with the secret in it. */
  #changeEndpoint(request: EndpointRequest): Answer {
    const { merchantId, idempotencyKey } = request;
    const name = `${merchantId} ${idempotencyKey}`;
    const read = this.#readChange(request);
    if ("code" in read) return this.#refuse(request, read);
    const fingerprint = Buffer.from(read.fingerprint).toString("hex");
    const before = this.#endpointKeys.get(name);
    if (before?.fingerprint === fingerprint) return { ...before.reply, replayed: true, final: true };
    if (before !== undefined || this.#books.keys.has(name)) return this.#refuse(request, KEY_REUSED);
    const reply = read.run();
    if ("code" in reply) return this.#refuse(request, reply);
    this.#endpointKeys.set(name, { fingerprint, reply });
    return { ...reply, final: true };
  }

  #readChange(request: EndpointRequest): EndpointChange | Refusal {
    const { merchantId, idempotencyKey, body } = request;
    const { endpoints } = this.#books;
    const presenter = this.#presenter;
    if (request.kind === "createEndpoint") {
      const read = this.#reader.readCreateEndpoint(body, idempotencyKey);
      if ("kind" in read) return read;
      const run = () => {
        const made = endpoints.create(merchantId, idempotencyKey, read);
        return "code" in made ? made : { status: 201, body: presenter.endpoint(made.endpoint, made.secret) };
      };
      return { fingerprint: read.fingerprint, run };
    }
    const { kind, endpointId } = request;
    const own = endpoints.own(merchantId, endpointId);
    if (kind === "rotateEndpointSecret") {
      const read = this.#reader.readRotateSecret(endpointId, body);
      if ("kind" in read) return read;
      const run = () => {
        if (own === undefined) return NOT_FOUND;
        const { endpoint, secret } = endpoints.rotate(own);
        return { status: 200, body: presenter.endpoint(endpoint, secret) };
      };
      return { fingerprint: read.fingerprint, run };
    }
    const read = this.#reader.readResendEvent(endpointId, body);
    if ("kind" in read) return read;
    const run = () => {
      const view = own === undefined ? undefined : endpoints.resend(own, read.eventId);
      return view === undefined ? NOT_FOUND : { status: 202, body: presenter.delivery(view) };
    };
    return { fingerprint: read.fingerprint, run };
  }

  #keyed(request: Keyed): Answer {
    const { merchantId, idempotencyKey, body, kind } = request;
    const read =
      kind === "createPayment"
        ? this.#reader.readCreatePayment(body, idempotencyKey)
        : this.#reader.readModification(kind, request.paymentId, body, idempotencyKey);
    if ("kind" in read) return this.#refuse(request, read);
    const fingerprint = Buffer.from(read.fingerprint).toString("hex");
    const name = `${merchantId} ${idempotencyKey}`;
    const before = this.#books.keys.get(name);
    if (before !== undefined) {
      if (before.fingerprint !== fingerprint || before.route !== ROUTE_OF[kind])
        return this.#refuse(request, KEY_REUSED);
      if (before.reply !== null) return { ...before.reply, replayed: true, final: true };
      return this.#pending(before.operationId);
    }
    if (this.#endpointKeys.has(name)) return this.#refuse(request, KEY_REUSED);
    const begun = "captureMethod" in read ? this.#create(request, read) : this.#modify(request, kind as Command, read);
    if ("code" in begun) return this.#refuse(request, begun);
    const { id: operationId } = begun.operation;
    const kept: KeptKey = { route: ROUTE_OF[kind], fingerprint, paymentId: begun.terms.id, operationId, reply: null };
    this.#books.keys.set(name, kept);
    const after = this.#run(begun, request);
    if (isOpen(after.operation.state)) return this.#pending(operationId);
    kept.reply = this.#storedReply(after, request.requestId);
    return { ...kept.reply, final: true, gatewayMs: 12.5 };
  }

  #create(request: Keyed, command: Exclude<ReturnType<RequestReader["readCreatePayment"]>, Refusal>): Payment {
    const { merchantId } = request;
    const nowMs = Date.now();
    const { amountMinor, currency, captureMethod, merchantReference, description, metadataJson } = command;
    const terms: PaymentTerms = {
      id: mintId("pay", SLOT, nowMs, randomBytes(8)),
      merchantId,
      slot: SLOT,
      amountMinor,
      currency,
      captureMethod,
      gateway: "stripe",
      gatewayAccount: "acct_fake",
      merchantReference,
      description,
      metadataJson,
      createdAtMs: nowMs,
    };
    const { payment } = accept(
      terms,
      operationOf(captureMethod === "automatic" ? "sale" : "authorize", amountMinor, null),
    );
    this.#books.note("accepted", payment, command.paymentMethod, causeOf(request));
    return payment;
  }

  #modify(
    request: Keyed,
    command: Command,
    asked: { readonly amountMinor: bigint | null; readonly reason: string | null },
  ): Payment | Refusal {
    const own = "paymentId" in request ? this.#books.own(request.merchantId, request.paymentId) : undefined;
    if (own === undefined) return NOT_FOUND;
    const allowed = checkRequest(own.payment, command, asked.amountMinor);
    if ("kind" in allowed) return allowed;
    const { fact, amountMinor } = allowed;
    const operation = operationOf(REQUESTED_KIND[fact], amountMinor, asked.reason);
    const moved = requestOperation(own.payment, fact, operation, Date.now());
    if (moved === undefined) throw new Error(`the machine refused ${fact}`);
    return this.#move(moved, request);
  }

  /** What the gateway says to a payment's newest operation, by the payment's token. */
  #run(payment: Payment, request: Keyed): Payment {
    const { operation, cancel } = payment;
    const verdict = TOKENS[this.#tokenOf(payment)]?.[operation.kind];
    if (verdict === "open" || cancel !== null) return payment;
    const fact = verdict === "refused" ? REFUSED[operation.kind] : SUCCESS[operation.kind];
    const moved = transition(payment, operation, fact, Date.now());
    if (moved === undefined) throw new Error(`the machine refused ${fact.kind}`);
    return this.#move(moved, request);
  }

  #move({ fact, payment }: Transition, request: Keyed): Payment {
    this.#books.note(fact, payment, this.#tokenOf(payment), causeOf(request));
    return payment;
  }

  #tokenOf(payment: Payment): string {
    return this.#books.payments.get(payment.terms.id)?.token ?? "";
  }

  #pending(operationId: Operation["id"]): Answer {
    const view = this.#books.operations.find(({ operation }) => operation.id === operationId);
    if (view === undefined) throw new Error("no such operation");
    const payment = this.#books.payments.get(view.payment.terms.id)?.payment ?? view.payment;
    const isRefund = view.operation.kind === "refund";
    return {
      status: 202,
      body: Buffer.from(
        isRefund
          ? this.#presenter.refund(payment, view.operation, Date.now())
          : this.#presenter.payment(payment, Date.now()),
      ),
      retryAfterS: 2,
      location: isRefund ? `/v1/refunds/${refundIdOf(operationId)}` : `/v1/payments/${payment.terms.id}`,
    };
  }

  #storedReply(payment: Payment, requestId: string): StoredReply {
    const { operation } = payment;
    const isFirst = operation.kind === "authorize" || operation.kind === "sale";
    const [status, body] =
      operation.state === "failed"
        ? ([402, this.#presenter.declined(payment, requestId)] as const)
        : operation.kind === "refund"
          ? ([201, this.#presenter.refund(payment, operation, null)] as const)
          : ([isFirst ? 201 : 200, this.#presenter.payment(payment, null)] as const);
    return { status, body: Buffer.from(body) };
  }

  #found(payment: Payment): Answer {
    return { status: 200, body: Buffer.from(this.#presenter.payment(payment, null)) };
  }

  #refuse(request: ShardRequest, refusal: Refusal): Answer {
    const body = Buffer.from(this.#presenter.refusal(refusal, request.requestId));
    return { status: REFUSALS[refusal.code].status, body, code: refusal.code };
  }
}

const causeOf = ({ requestId, idempotencyKey }: Keyed) => ({ requestId, idempotencyKey });

function operationOf(kind: OperationKind, amountMinor: bigint, note: string | null): Operation {
  const nowMs = Date.now();
  return {
    id: mintId("op", SLOT, nowMs, randomBytes(8)),
    kind,
    state: "submitted",
    amountMinor,
    gatewayKey: "gateway-key-secret",
    attempt: 1,
    submittedAtMs: nowMs,
    deadlineAtMs: nowMs + 900_000,
    reference: null,
    pendingReason: "outcome_unknown",
    needsReview: false,
    failure: null,
    note,
  };
}

const SLOT = 7;
const NOT_FOUND = refuse("not_found", "a shard's own words");
const KEY_REUSED = refuse("idempotency_key_reuse", "The key was used for another request.");
const ROUTE_OF = {
  createPayment: "POST /v1/payments",
  capture: "POST /v1/payments/{id}/capture",
  cancel: "POST /v1/payments/{id}/cancel",
  refund: "POST /v1/payments/{id}/refunds",
} as const satisfies { readonly [K in Keyed["kind"]]: string };
const PLAIN = {
  problem: false,
  code: null,
  replayed: false,
  retryAfterS: null,
  location: null,
  gatewayMs: null,
  final: false,
  rate: null,
} as const;
