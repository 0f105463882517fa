/** The contract's cases of what is done to a payment later: capture, void and refund, and how each token ends. */
import { strict as assert } from "node:assert";
import type { GatewayCall, GatewayObservation } from "../ports/gateway.ts";
import { type Bench, type ContractCase, isOpen, type Kind, type LaterKind } from "./contract-bench.ts";

const KINDS: readonly LaterKind[] = ["capture", "void", "refund"];
const DONE: { readonly [K in LaterKind]: Kind } = { capture: "captured", void: "voided", refund: "refunded" };
const PART_MINOR = 700n;

/** What a try may come to. `effects`: how often money moved in the end. */
interface Outcome {
  readonly token: string;
  readonly kind: LaterKind;
  readonly first: Kind;
  readonly last: Kind;
  readonly effects: 0 | 1;
}

/** Where the gateway answers at once; where a webhook decides, a first answer that comes is `processing` always. */
const OUTCOMES: readonly Outcome[] = [
  { token: "tok_capture_fails", kind: "capture", first: "declined", last: "declined", effects: 0 },
  { token: "tok_capture_timeout_charged", kind: "capture", first: "unknown", last: "captured", effects: 1 },
  { token: "tok_refund_fails", kind: "refund", first: "declined", last: "declined", effects: 0 },
  { token: "tok_refund_timeout_refunded", kind: "refund", first: "unknown", last: "refunded", effects: 1 },
  { token: "tok_refund_pending", kind: "refund", first: "processing", last: "refunded", effects: 1 },
];

export function laterCases(bench: Bench): readonly ContractCase[] {
  const { tokens, laterDecides } = bench.harness;
  const cases: ContractCase[] = [
    {
      name: "captures a part, and says the same on every try",
      run: () => sameOnEveryTry(bench, "capture", PART_MINOR),
    },
    { name: "refunds a part, and says the same on every try", run: () => sameOnEveryTry(bench, "refund", PART_MINOR) },
    { name: "refunds in parts at the same time, and never more than there is", run: () => refundsInParts(bench) },
    { name: "refunds what was captured in part, and never more", run: () => refundsCapture(bench) },
    { name: "captures nothing that was voided, and voids nothing that was captured", run: () => endsOnce(bench) },
  ];
  for (const kind of KINDS) {
    cases.push(
      { name: `${kind}: done in full, and the same on every try`, run: () => sameOnEveryTry(bench, kind) },
      { name: `${kind}: 20 parallel calls with one key are one effect`, run: () => parallel(bench, kind, 20) },
      { name: `${kind}: found out when the answer is lost, and done once`, run: () => lostAnswer(bench, kind) },
      { name: `${kind}: abandoned, it is only read`, run: () => abandoned(bench, kind) },
    );
  }
  for (const outcome of OUTCOMES)
    if (tokens.has(outcome.token)) {
      const seen: Outcome = {
        ...outcome,
        first: laterDecides && outcome.first !== "unknown" ? "processing" : outcome.first,
        last: laterDecides ? "processing" : outcome.last,
      };
      const { token, kind, first, last } = seen;
      cases.push({ name: `${token}: a ${kind} is ${first}, then ${last}`, run: () => outcomeOf(bench, seen) });
    }
  return cases;
}

/** What a call that went well is observed to be. */
const doneAt = (bench: Bench, kind: LaterKind): Kind => (bench.harness.laterDecides ? "processing" : DONE[kind]);

async function expectDone(bench: Bench, call: GatewayCall): Promise<GatewayObservation> {
  const answer = await bench.run(call);
  assert.equal(answer.kind, doneAt(bench, call.kind as LaterKind), JSON.stringify(answer));
  bench.expectEffects(call, 1);
  return answer;
}

async function sameOnEveryTry(bench: Bench, kind: LaterKind, amountMinor?: bigint): Promise<void> {
  const whole = await bench.later(kind);
  const call = amountMinor === undefined ? whole : { ...whole, amountMinor };
  const first = await expectDone(bench, call);
  assert.ok("reference" in first);
  assert.notEqual(first.reference, call.gatewayReference, "the payment's reference is not the operation's");
  assert.deepEqual(await bench.run({ ...call, try: 3, earlierTryOpen: true }), first);
  if (bench.harness.capabilities.queryById)
    assert.deepEqual(await bench.run({ ...call, action: "query", try: 4 }), first);
  bench.expectEffects(call, 1);
}

async function parallel(bench: Bench, kind: LaterKind, count: number): Promise<void> {
  const call = await bench.later(kind);
  const done = doneAt(bench, kind);
  const answers = await Promise.all(Array.from({ length: count }, (_, i) => bench.run({ ...call, try: i + 1 })));
  const ended = answers.filter((answer) => answer.kind === done);
  assert.ok(ended.length > 0, JSON.stringify(answers));
  for (const answer of answers) assert.ok(answer.kind === "busy" || answer.kind === done, JSON.stringify(answer));
  for (const answer of ended) assert.deepEqual(answer, ended[0]);
  bench.expectEffects(call, 1);
}

async function lostAnswer(bench: Bench, kind: LaterKind): Promise<void> {
  const call = await bench.later(kind);
  await bench.run({ ...call, timeoutMs: 1 }); // whether it arrives is left to chance
  const end = await bench.settle(call, (answer) => answer.kind === doneAt(bench, kind));
  assert.equal(end.kind, doneAt(bench, kind));
  bench.expectEffects(call, 1);
}

/** Neither before nor after it ran does an abandon undo it, or do it. */
async function abandoned(bench: Bench, kind: LaterKind): Promise<void> {
  const call = await bench.later(kind);
  const { capabilities, effectsOf } = bench.harness;
  const before = await bench.run({ ...call, action: "abandon" });
  if (effectsOf !== undefined) assert.ok(before.kind === "undecided" || before.kind === "unknown", before.kind);
  bench.expectEffects(call, 0);
  await expectDone(bench, call);
  const after = await bench.run({ ...call, action: "abandon", try: 2 });
  assert.equal(after.kind, capabilities.queryById ? DONE[kind] : "unknown", JSON.stringify(after));
  bench.expectEffects(call, 1);
}

async function refundsInParts(bench: Bench): Promise<void> {
  const whole = await bench.later("refund");
  const [first, second, third] = [PART_MINOR, whole.amountMinor - PART_MINOR, 1n].map((amountMinor) => ({
    ...bench.next("refund", whole),
    amountMinor,
  })) as [GatewayCall, GatewayCall, GatewayCall];
  await Promise.all([expectDone(bench, first), expectDone(bench, second)]);
  if (bench.harness.effectsOf === undefined) return; // who keeps no books refuses nothing
  const answer = await bench.run(third);
  assert.ok(isOpen(answer), JSON.stringify(answer)); // all is given back: something has happened, a read decides
  bench.expectEffects(third, 0);
}

async function refundsCapture(bench: Bench): Promise<void> {
  const capture = { ...(await bench.later("capture")), amountMinor: PART_MINOR };
  await expectDone(bench, capture);
  const tooMuch = { ...bench.next("refund", capture), amountMinor: PART_MINOR + 1n };
  if (bench.harness.effectsOf !== undefined) {
    const answer = await bench.run(tooMuch);
    assert.equal(answer.kind, bench.harness.laterDecides ? "processing" : "declined", JSON.stringify(answer));
    bench.expectEffects(tooMuch, 0);
  }
  await expectDone(bench, bench.next("refund", capture));
}

async function endsOnce(bench: Bench): Promise<void> {
  for (const [ends, comesLate] of [
    ["void", "capture"],
    ["capture", "void"],
  ] as const) {
    const call = await bench.later(ends);
    await expectDone(bench, call);
    if (bench.harness.effectsOf === undefined) return;
    const late = bench.next(comesLate, call);
    const answer = await bench.run(late);
    assert.ok(isOpen(answer), JSON.stringify(answer)); // it is not a failure: a read decides
    bench.expectEffects(late, 0);
    bench.expectEffects(call, 1);
  }
}

async function outcomeOf(bench: Bench, { token, kind, first, last, effects }: Outcome): Promise<void> {
  const call = await bench.later(kind, { paymentMethod: token });
  // A short time only where it shall pass: on a busy machine an answer may take longer.
  const seen = await bench.run({ ...call, ...(first === "unknown" && { timeoutMs: 300 }) });
  assert.equal(seen.kind, first, JSON.stringify(seen));
  const end = seen.kind === last ? seen : await bench.settle(call, (answer) => answer.kind === last);
  assert.equal(end.kind, last);
  bench.expectEffects(call, effects);
  assert.equal((await bench.run({ ...call, try: 9, earlierTryOpen: true })).kind, first === "unknown" ? last : first);
  bench.expectEffects(call, effects);
}
