/** What can happen to an actor and its world: the steps of which fast-check makes stories. */
import { expect } from "chai";
import fc from "fast-check";
import type { Command } from "../../../actors/domain/index.ts";
import type { ShardReply } from "../../../actors/index.ts";
import { settle } from "./actor-rig.ts";
import type { Fate } from "./model-gateway.ts";
import type { Sent, World } from "./model-world.ts";
import { refusalOf } from "./reference-model.ts";

export type Named = "stripe" | "adyen";
export interface Real {
  readonly world: World;
  readonly gateway: Named;
  /** Each request is decided before the next one comes, so that its answer can be foretold. */
  readonly isExact: boolean;
  readonly scheduler: fc.Scheduler | undefined;
}
type Step = fc.AsyncCommand<object, Real>;

/** A step, and what it is called in a counterexample. */
const step = (name: string, run: (real: Real) => Promise<void>): Step => ({
  check: () => true,
  run: async (_, real) => {
    await run(real);
    await settle();
    real.world.compare();
  },
  toString: () => name,
});
const pick = <T>(from: readonly T[], which: number): T | undefined => from[which % Math.max(1, from.length)];

const codeOf = (reply: ShardReply | undefined): unknown =>
  reply && (JSON.parse(Buffer.from(reply.body).toString()) as { readonly code?: unknown }).code;
const replyTo = (world: World, ticket: number | undefined): ShardReply | undefined =>
  world.rig.replies.find((reply) => reply.ticket === ticket);

const send = (world: World, amount: number, isManual: boolean): void => {
  const key = `key-${world.sent.length}`;
  world.ask(key, (rig) => rig.send(key, { amount, capture_method: isManual ? "manual" : "automatic" }));
};
const payment = fc.record({ amount: fc.integer({ min: 2, max: 999 }), isManual: fc.boolean() });
export const create = payment.map(({ amount, isManual }) =>
  step(`create ${amount}${isManual ? " manual" : ""}`, async ({ world }) => send(world, amount, isManual)),
);
/** A payment that goes well, so that there is something to capture and to refund. */
export const pay = payment.map(({ amount, isManual }) =>
  step(`pay ${amount}${isManual ? " manual" : ""}`, async ({ world, scheduler }) => {
    send(world, amount, isManual);
    for (let turn = 0; turn < 20; turn++) {
      await settle();
      world.compare();
      if ((scheduler?.count() ?? 0) > 0) await scheduler?.waitNext(1);
      const call = world.gateway.open.find(({ paymentId }) => paymentId === world.payments.at(-1));
      if (call !== undefined) world.gateway.end(call, "tell");
    }
  }),
);

/** What a payment of this status is most likely to allow. */
const FITTING: Readonly<Record<string, Command>> = { pending: "cancel", authorized: "capture", captured: "refund" };

/** A part of the payment's amount in tenths; 11: more than there is. */
export const ask = fc
  .record({
    asked: fc.option(fc.constantFrom<Command>("capture", "cancel", "refund"), { freq: 2 }),
    which: fc.nat(9),
    tenths: fc.constantFrom(3, 5, 10, 11),
  })
  .map(({ asked, which, tenths }) =>
    step(`${asked ?? "what fits"} ${which} ${tenths}/10`, async ({ world, isExact }) => {
      const id = pick(world.payments, which);
      if (id === undefined) return;
      const { amount, status } = world.reference(id);
      const command = asked ?? FITTING[status] ?? "refund";
      const part = tenths === 11 ? amount + 1n : (amount * BigInt(tenths) + 9n) / 10n;
      const key = `key-${world.sent.length}`;
      const refusal = refusalOf(world.reference(id), command, part);
      const one = world.ask(key, (rig) =>
        rig.ask(command, id, key, command === "cancel" ? {} : { amount: Number(part) }),
      );
      if (!isExact) return;
      await settle();
      world.compare();
      expect(one.isAccepted, refusal ?? "taken").to.equal(refusal === undefined);
      if (refusal !== undefined) expect(codeOf(replyTo(world, one.ticket))).to.equal(refusal);
    }),
  );

/** The stored answer of a key, if its operation has ended. */
function storedReply(world: World, { key }: Sent) {
  const { rows } = world.rig.database;
  const operationId = rows.find(({ decision }) => decision.keyRow?.key === key)?.decision.keyRow?.operationId;
  return (
    rows.findLast(({ decision }) => decision.payment.operation.id === operationId)?.decision.entry.reply ?? undefined
  );
}

export async function repeatOf({ world, isExact }: Real, one: Sent): Promise<void> {
  const ticket = world.repeat(one);
  await settle();
  world.compare();
  const reply = replyTo(world, ticket);
  if (!isExact) return;
  const stored = storedReply(world, one);
  if (stored !== undefined) {
    expect([reply?.status, reply?.replayed]).to.deep.equal([stored.status, true]);
    world.hear(one, (reply as ShardReply).status, (reply as ShardReply).body);
  } else if (one.isAnswered) expect(reply?.status).to.equal(202);
  else expect(codeOf(reply)).to.equal("idempotency_key_in_use");
}
export const repeat = fc.nat(9).map((which) =>
  step(`repeat ${which}`, async (real) => {
    const one = pick(
      real.world.sent.filter(({ isAccepted }) => isAccepted),
      which,
    );
    if (one !== undefined) await repeatOf(real, one);
  }),
);

const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>("tell") },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Fate>("decline", "later", "slow", "lostAnswer", "lostCall", "busy", "notSubmitted"),
  },
);
export const answer = fc.record({ which: fc.nat(9), how: fate }).map(({ which, how }) =>
  step(`answer ${which} ${how}`, async ({ world }) => {
    const call = pick(world.gateway.open, which);
    if (call !== undefined) world.gateway.end(call, how);
  }),
);
export const comeLate = fc
  .record({ which: fc.nat(9), again: fc.boolean() })
  .map(({ which, again }) =>
    step(`late ${which}${again ? " and again" : ""}`, async ({ world }) => world.gateway.comeLate(which, again)),
  );
export const arrive = fc
  .nat(9)
  .map((which) => step(`arrive ${which}`, async ({ world }) => world.gateway.arrive(which)));
export const notify = fc
  .record({ which: fc.nat(9), times: fc.integer({ min: 1, max: 2 }) })
  .map(({ which, times }) =>
    step(`notify ${which} ${times} times`, async ({ world }) => world.gateway.notify(which, times)),
  );
export const pass = fc.constantFrom(100, 2_000, 12_000, 30_000, 400_000, 1_000_000).map((ms) =>
  step(`pass ${ms}`, async ({ world: { rig } }) => {
    rig.turnClockWithoutSweep(ms - 100);
    await rig.pass(100);
  }),
);
export const restart = fc.constant(step("restart", async ({ world, gateway }) => world.own(gateway)));
export const read = fc.nat(9).map((which) =>
  step(`read ${which}`, async ({ world, isExact }) => {
    const id = pick(world.payments, which);
    if (id === undefined || !isExact) return;
    const ticket = world.repeat({ send: (rig) => rig.get(id) });
    await settle();
    const { status, authorized, captured, refunded } = world.reference(id);
    const amounts = { amount_authorized: Number(authorized), amount_captured: Number(captured) };
    const body: unknown = JSON.parse(Buffer.from((replyTo(world, ticket) as ShardReply).body).toString());
    expect(body).to.include({ status, ...amounts, amount_refunded: Number(refunded) });
  }),
);
/** Lets some of what waits for the database go on, in an order that the scheduler chooses. */
export const goOn = fc.integer({ min: 1, max: 6 }).map((count) =>
  step(`go on ${count}`, async ({ scheduler }) => {
    for (let i = 0; i < count && (scheduler?.count() ?? 0) > 0; i++) {
      await scheduler?.waitNext(1);
      await settle();
    }
  }),
);
