/**
 * The suite that every gateway adapter passes, as data: a test file turns each case into an `it`. It needs no test
 * framework, so that rigs outside the tests can run it too.
 */
import { strict as assert } from "node:assert";
import type { OperationId, PaymentId } from "../domain/index.ts";
import type { Gateway, GatewayCall, GatewayCapabilities, GatewayObservation } from "../ports/gateway.ts";

export interface ContractHarness {
  readonly capabilities: GatewayCapabilities;
  /** Asked for when a case runs: cases are listed before a server is up. */
  readonly gateway: () => Gateway;
  /** Tokens that the other end understands; cases of others are left out. */
  readonly tokens: ReadonlySet<string>;
  /** A number that no other harness over the same gateway uses. */
  readonly seed: number;
  /** Lets a little time pass. */
  readonly pause: () => Promise<void>;
}

export interface ContractCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

type Kind = GatewayObservation["kind"];
type Want = { readonly first: readonly Kind[]; readonly last: Kind };

const TRIES_MAX = 200;

/** Token: what the first execute is observed to be, and what the operation comes to by the evidence of §3.3. */
const OUTCOMES: Readonly<Record<string, (capabilities: GatewayCapabilities) => Want>> = {
  tok_visa: () => ({ first: ["authorized"], last: "authorized" }),
  tok_mastercard: () => ({ first: ["authorized"], last: "authorized" }),
  tok_amex: () => ({ first: ["authorized"], last: "authorized" }),
  tok_applepay: () => ({ first: ["authorized"], last: "authorized" }),
  tok_googlepay: () => ({ first: ["authorized"], last: "authorized" }),
  tok_timeout_charged: () => ({ first: ["unknown"], last: "authorized" }),
  tok_timeout_not_charged: () => ({ first: ["unknown"], last: "authorized" }),
  tok_error_500_charged: () => ({ first: ["unknown"], last: "authorized" }),
  tok_error_500_not_charged: (capabilities) => ({
    first: ["unknown"],
    last: capabilities.replayReturnsStored5xx ? "notExecuted" : "authorized",
  }),
  tok_slow_5s: () => ({ first: ["unknown"], last: "authorized" }),
  tok_rate_limited: () => ({ first: ["busy"], last: "authorized" }),
  tok_garbled_charged: () => ({ first: ["unknown"], last: "authorized" }),
  tok_amount_mismatch: () => ({ first: ["conflicted"], last: "conflicted" }),
};

const DECLINES: Readonly<Record<string, { readonly retryable: boolean }>> = {
  tok_decline_generic: { retryable: false },
  tok_decline_insufficient_funds: { retryable: true },
  tok_decline_expired_card: { retryable: false },
  tok_decline_stolen_card: { retryable: false },
  tok_decline_lost_card: { retryable: false },
  tok_decline_incorrect_cvc: { retryable: false },
  tok_decline_do_not_honor: { retryable: false },
  tok_decline_fraudulent: { retryable: false },
  tok_decline_processing_error: { retryable: true },
};

const isOpen = ({ kind }: GatewayObservation): boolean =>
  kind === "unknown" || kind === "undecided" || kind === "busy" || kind === "processing";

/** The cases for an adapter. Each works on operations of its own. */
export function gatewayContract(harness: ContractHarness): readonly ContractCase[] {
  const bench = new Bench(harness);
  const { capabilities, tokens } = harness;
  const cases: ContractCase[] = [
    { name: "authorizes, and says the same on every try", run: () => bench.sameOnEveryTry("authorize", "authorized") },
    { name: "sells, and says the same on every try", run: () => bench.sameOnEveryTry("sale", "captured") },
    { name: "gives 50 parallel calls with one key one charge", run: () => bench.parallel(50) },
    { name: "abandons what was never executed", run: () => bench.abandonsOpen() },
    { name: "abandons what was authorized", run: () => bench.abandonsAuthorized() },
    { name: "captures and voids what was authorized", run: () => bench.modifies() },
  ];
  for (const [token, wanted] of Object.entries(OUTCOMES))
    if (tokens.has(token)) {
      const { first, last } = wanted(capabilities);
      cases.push({
        name: `${token}: ${first.join("|")}, then ${last}`,
        run: () => bench.outcome(token, { first, last }),
      });
    }
  for (const [token, { retryable }] of Object.entries(DECLINES))
    if (tokens.has(token)) cases.push({ name: `${token}: declined`, run: () => bench.declines(token, retryable) });
  if (tokens.size > 0)
    cases.push({ name: "a token of nobody: declined", run: () => bench.declines("tok_of_nobody", false) });
  return cases;
}

class Bench {
  readonly #harness: ContractHarness;
  #count = 0;

  constructor(harness: ContractHarness) {
    this.#harness = harness;
  }

  async sameOnEveryTry(kind: "authorize" | "sale", want: Kind): Promise<void> {
    const call = await this.#prepared({ kind });
    const first = await this.#run({ ...call, action: "execute" });
    assert.equal(first.kind, want, JSON.stringify(first));
    assert.ok("reference" in first && first.reference);
    assert.deepEqual(await this.#run({ ...call, action: "execute", try: 3 }), first);
    if (this.#harness.capabilities.queryById)
      assert.deepEqual(await this.#run({ ...call, action: "query", try: 4, gatewayReference: first.reference }), first);
  }

  async parallel(count: number): Promise<void> {
    const call = await this.#prepared({});
    const answers = await Promise.all(
      Array.from({ length: count }, (_, i) => this.#run({ ...call, action: "execute", try: i + 2 })),
    );
    const [final] = answers.filter((answer) => !isOpen(answer));
    assert.equal(final?.kind, "authorized");
    for (const answer of answers) if (!isOpen(answer)) assert.deepEqual(answer, final);
  }

  async abandonsOpen(): Promise<void> {
    const call = await this.#prepared({});
    const answer = await this.#run({ ...call, action: "abandon", try: 3 });
    assert.ok(answer.kind === "voided" || answer.kind === "processing", JSON.stringify(answer));
  }

  async abandonsAuthorized(): Promise<void> {
    const call = await this.#prepared({});
    await this.#run({ ...call, action: "execute" });
    const answer = await this.#run({ ...call, action: "abandon", try: 3 });
    assert.ok(answer.kind === "voided" || answer.kind === "processing", JSON.stringify(answer));
  }

  async modifies(): Promise<void> {
    for (const kind of ["capture", "void"] as const) {
      const call = await this.#prepared({});
      const held = await this.#run({ ...call, action: "execute" });
      assert.equal(held.kind, "authorized", JSON.stringify(held));
      const later = this.#call({
        kind,
        paymentId: call.paymentId,
        gatewayReference: (held as { reference: string }).reference,
      });
      const answer = await this.#run({ ...later, action: "execute" });
      const done = kind === "capture" ? "captured" : "voided";
      assert.ok(answer.kind === done || answer.kind === "processing", JSON.stringify(answer));
    }
  }

  async outcome(token: string, { first, last }: Want): Promise<void> {
    const call = await this.#prepared({ paymentMethod: token });
    // A short time only where it shall pass: on a busy machine an answer may take longer.
    const timeoutMs = first.includes("unknown") ? 300 : call.timeoutMs;
    const seen = await this.#run({ ...call, timeoutMs, action: "execute" });
    assert.ok(first.includes(seen.kind), `first ${JSON.stringify(seen)}`);
    const end = isOpen(seen) ? await this.#settle(call) : seen;
    assert.equal(end.kind, last, JSON.stringify(end));
  }

  async declines(token: string, retryable: boolean): Promise<void> {
    const call = this.#call({ paymentMethod: token });
    const { twoStepCharge } = this.#harness.capabilities;
    const prepared = twoStepCharge ? await this.#run({ ...call, action: "prepare", try: 1 }) : undefined;
    const reference = prepared?.kind === "prepared" ? prepared.reference : null;
    const answer =
      prepared?.kind === "declined"
        ? prepared
        : await this.#run({ ...call, action: "execute", gatewayReference: reference });
    assert.equal(answer.kind, "declined", JSON.stringify(answer));
    assert.equal(answer.kind === "declined" && answer.failure.retryable, retryable, JSON.stringify(answer));
  }

  /** What a resolver would do: read where there is a read, else repeat the call with its key. */
  async #settle(call: GatewayCall): Promise<GatewayObservation> {
    const { capabilities, pause } = this.#harness;
    for (let i = 3; i < TRIES_MAX; i += 2) {
      const reads = capabilities.queryById && call.gatewayReference !== null;
      const read = reads ? await this.#run({ ...call, action: "query", try: i }) : undefined;
      if (read !== undefined && !isOpen(read)) return read;
      const answer = await this.#run({ ...call, action: "execute", try: i + 1 });
      if (!isOpen(answer)) return answer;
      await pause();
    }
    throw new Error("the operation never settled");
  }

  /** A call with the reference that `execute` needs. */
  async #prepared(more: Partial<GatewayCall>): Promise<GatewayCall> {
    const call = this.#call(more);
    if (!this.#harness.capabilities.twoStepCharge) return call;
    const prepared = await this.#run({ ...call, action: "prepare" });
    assert.equal(prepared.kind, "prepared", JSON.stringify(prepared));
    return { ...call, gatewayReference: (prepared as { reference: string }).reference, try: 2 };
  }

  async #run(call: GatewayCall): Promise<GatewayObservation> {
    return this.#harness.gateway().run(call);
  }

  #call(more: Partial<GatewayCall>): GatewayCall {
    const { seed, capabilities } = this.#harness;
    const unique = `${String(seed).padStart(8, "0")}-0000-5000-8000-${String(++this.#count).padStart(12, "0")}`;
    const suffix = unique.replaceAll("-", "").slice(0, 26).padEnd(26, "0");
    return {
      operationId: `op_${suffix.slice(0, 14)}${unique.slice(-12)}` as OperationId, // unique; its slot does not matter
      paymentId: `pay_${suffix.slice(0, 14)}${unique.slice(-12)}` as PaymentId,
      kind: "authorize",
      action: "execute",
      try: 1,
      earlierTryOpen: false,
      gateway: capabilities.name,
      account: "acct_contract",
      gatewayKey: unique,
      gatewayReference: null,
      amountMinor: 1_999n,
      currency: "EUR",
      paymentMethod: "tok_visa",
      timeoutMs: 5_000,
      notAfterMs: Number.POSITIVE_INFINITY,
      ...more,
    };
  }
}
