/** The contract's cases of what makes a payment: authorize and sale, and how each token ends. */
import { strict as assert } from "node:assert";
import type { GatewayName } from "../domain/index.ts";
import type { GatewayCapabilities } from "../ports/gateway.ts";
import { type Bench, type ContractCase, isOpen, type Kind } from "./contract-bench.ts";

type Want = { readonly first: readonly Kind[]; readonly last: Kind };

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

/** Tokens that only one gateway knows. */
const ONLY_AT: Readonly<Record<string, GatewayName>> = { tok_stripe_only: "stripe", tok_adyen_only: "adyen" };

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

export function paymentCases(bench: Bench): readonly ContractCase[] {
  const { capabilities, tokens } = bench.harness;
  const cases: ContractCase[] = [
    { name: "authorizes, and says the same on every try", run: () => sameOnEveryTry(bench, "authorize", "authorized") },
    { name: "sells, and says the same on every try", run: () => sameOnEveryTry(bench, "sale", "captured") },
    { name: "gives 50 parallel calls with one key one charge", run: () => parallel(bench, 50) },
    { name: "answers a probe, and nothing follows from it", run: () => probes(bench) },
    { name: "abandons what was never executed", run: () => abandonsOpen(bench) },
    { name: "abandons what was authorized", run: () => abandonsAuthorized(bench) },
  ];
  for (const [token, wanted] of Object.entries(OUTCOMES))
    if (tokens.has(token)) {
      const { first, last } = wanted(capabilities);
      cases.push({
        name: `${token}: ${first.join("|")}, then ${last}`,
        run: () => outcome(bench, token, { first, last }),
      });
    }
  for (const [token, { retryable }] of Object.entries(DECLINES))
    if (tokens.has(token)) cases.push({ name: `${token}: declined`, run: () => declines(bench, token, retryable) });
  for (const [token, gateway] of Object.entries(ONLY_AT))
    if (tokens.has(token))
      cases.push(
        gateway === capabilities.name
          ? {
              name: `${token}: authorized`,
              run: () => outcome(bench, token, { first: ["authorized"], last: "authorized" }),
            }
          : { name: `${token}: declined elsewhere`, run: () => declines(bench, token, false) },
      );
  if (tokens.size > 0)
    cases.push({ name: "a token of nobody: declined", run: () => declines(bench, "tok_of_nobody", false) });
  return cases;
}

async function sameOnEveryTry(bench: Bench, kind: "authorize" | "sale", want: Kind): Promise<void> {
  const call = await bench.prepared({ kind });
  const first = await bench.run({ ...call, action: "execute" });
  assert.equal(first.kind, want, JSON.stringify(first));
  assert.ok("reference" in first && first.reference);
  assert.deepEqual(await bench.run({ ...call, action: "execute", try: 3 }), first);
  if (bench.harness.capabilities.queryById)
    assert.deepEqual(await bench.run({ ...call, action: "query", try: 4, gatewayReference: first.reference }), first);
}

async function parallel(bench: Bench, count: number): Promise<void> {
  const call = await bench.prepared({});
  const answers = await Promise.all(
    Array.from({ length: count }, (_, i) => bench.run({ ...call, action: "execute", try: i + 2 })),
  );
  const [final] = answers.filter((answer) => !isOpen(answer));
  assert.equal(final?.kind, "authorized");
  for (const answer of answers) if (!isOpen(answer)) assert.deepEqual(answer, final);
}

async function probes(bench: Bench): Promise<void> {
  const call = bench.call({ action: "probe", currency: "EUR", amountMinor: 0n, paymentMethod: "" });
  assert.deepEqual(await bench.run(call), { kind: "reachable" });
  assert.deepEqual(await bench.run({ ...call, kind: "refund", try: 2 }), { kind: "reachable" });
  bench.expectEffects(call, 0);
}

async function abandonsOpen(bench: Bench): Promise<void> {
  const call = await bench.prepared({});
  const answer = await bench.run({ ...call, action: "abandon", try: 3 });
  assert.ok(answer.kind === "voided" || answer.kind === "processing", JSON.stringify(answer));
}

async function abandonsAuthorized(bench: Bench): Promise<void> {
  const call = await bench.prepared({});
  await bench.run({ ...call, action: "execute" });
  const answer = await bench.run({ ...call, action: "abandon", try: 3 });
  assert.ok(answer.kind === "voided" || answer.kind === "processing", JSON.stringify(answer));
}

async function outcome(bench: Bench, token: string, { first, last }: Want): Promise<void> {
  const call = await bench.prepared({ paymentMethod: token });
  // A short time only where it shall pass: on a busy machine an answer may take longer.
  const timeoutMs = first.includes("unknown") ? 300 : call.timeoutMs;
  const seen = await bench.run({ ...call, timeoutMs, action: "execute" });
  assert.ok(first.includes(seen.kind), `first ${JSON.stringify(seen)}`);
  const end = isOpen(seen) ? await bench.settle(call) : seen;
  assert.equal(end.kind, last, JSON.stringify(end));
}

async function declines(bench: Bench, token: string, retryable: boolean): Promise<void> {
  const call = bench.call({ paymentMethod: token });
  const { twoStepCharge } = bench.harness.capabilities;
  const prepared = twoStepCharge ? await bench.run({ ...call, action: "prepare", try: 1 }) : undefined;
  const reference = prepared?.kind === "prepared" ? prepared.reference : null;
  const answer =
    prepared?.kind === "declined"
      ? prepared
      : await bench.run({ ...call, action: "execute", gatewayReference: reference });
  assert.equal(answer.kind, "declined", JSON.stringify(answer));
  assert.equal(answer.kind === "declined" && answer.failure.retryable, retryable, JSON.stringify(answer));
}
