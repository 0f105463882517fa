/**
 * Cancels of payments whose authorize or sale is in doubt, with every token that brings doubt (design §3.3, faults.md
 * row 57, G2, G3, G10): from then on the goal is no charge. What both gateways tell unasked comes seconds late, so that a
 * cancel can come before it: a sale that Adyen has charged all the same is known only then, and is given back. Of what
 * Adyen does not know it tells nothing.
 */
import { expect } from "chai";
import { chargesOf, effectsOf, standingMinor } from "./rig/charge-log.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { factsOf } from "./rig/findings.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { type Answer, cancel, create, limitRate, Merchant, payment } from "./rig/merchant.ts";
import { order, tellOfOperation } from "./rig/simulators.ts";

const WITHIN_MS = 90_000;
/** By so much the gateways' notifications are late. */
const WEBHOOK_DELAY_MS = 6_000;
/** A cancel that came too late is tried with a new payment, so often. */
const TRIES = 20;

interface Case {
  readonly gateway: "stripe" | "adyen";
  readonly method: "automatic" | "manual";
  readonly token: string;
  /** Canceled as soon as it is accepted: whether a call has charged it by then is left to chance. */
  readonly isEarly: boolean;
  /** In the end, in the order in which they took place. */
  readonly effects: readonly string[];
}

const SOLD = ["sale 1000", "refund 1000"];
const HELD = ["authorize 1000", "void 1000"];
const both = (token: string, sold: readonly string[], held: readonly string[]): readonly Case[] => [
  { gateway: "stripe", method: "automatic", token, isEarly: false, effects: sold },
  { gateway: "stripe", method: "manual", token, isEarly: false, effects: held },
  { gateway: "stripe", method: "automatic", token, isEarly: true, effects: sold },
  { gateway: "stripe", method: "manual", token, isEarly: true, effects: held },
  { gateway: "adyen", method: "automatic", token, isEarly: false, effects: sold },
  { gateway: "adyen", method: "manual", token, isEarly: false, effects: held },
];
const CASES = [
  ...both("tok_timeout_charged", SOLD, HELD),
  ...both("tok_timeout_not_charged", [], []),
  ...both("tok_error_500_charged", SOLD, HELD),
  ...both("tok_error_500_not_charged", [], []),
  ...both("tok_slow_5s", SOLD, HELD),
  ...both("tok_garbled_charged", SOLD, HELD),
];

const titleOf = ({ gateway, token, method, isEarly, effects }: Case): string =>
  `${gateway}: ${token}, ${method}: ${effects.join(", ") || "nothing"}${isEarly ? ", unless it is canceled before" : ""}`;

describe("cancels in doubt", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;
  /** They wait for time-outs of gateways: they run side by side. */
  const running = new Map<Case, Promise<void>>();

  before(async () => {
    cluster = await Cluster.start();
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
    for (const gateway of ["stripe", "adyen"] as const)
      await order(cluster, gateway, "mode", { delayMs: WEBHOOK_DELAY_MS });
    for (const one of CASES) running.set(one, run(one));
    for (const end of running.values()) end.catch(() => {}); // each is awaited by its test
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
  });

  interface Canceled {
    readonly id: string;
    readonly key: string;
    readonly created: Promise<Answer | Error>;
  }

  /** Stripe's id is known before anything is charged. */
  const isNamed = async (id: string): Promise<boolean> => (await merchant.get(id)).body["gateway_reference"] !== null;

  /** A payment that was in doubt when its cancel was accepted. */
  async function cancelInDoubt({ gateway, method, token, isEarly }: Case): Promise<Canceled> {
    for (let n = 0; n < TRIES; n++) {
      const key = `${gateway}-${method}-${token}-${isEarly}-${n}`;
      const body = payment({ amount: 1_000, gateway, capture_method: method, payment_method: token });
      const created = merchant.send(create(key, body)).catch((error: Error) => error);
      const id = await merchant.paymentOfKey(key);
      if (gateway === "stripe" && !isEarly)
        await until("the call that charges has begun", WITHIN_MS, () => isNamed(id));
      const answer = await merchant.send(cancel(`${key}-cancel`, id));
      const pending = answer.body["pending"] as Answer["body"] | null | undefined;
      if (answer.status === 202 && pending?.["cancel_requested"] === true) return { id, key: `${key}-cancel`, created };
      await merchant.untilFinal(cancel(`${key}-cancel`, id), WITHIN_MS, "orPending");
    }
    throw new Error(`no cancel of ${token} at ${gateway} was in time`);
  }

  async function run(one: Case): Promise<void> {
    const { id, key, created } = await cancelInDoubt(one);
    const early = await created;
    expect(early, "the client that created it was answered").to.not.be.instanceOf(Error);
    const isUnheardOf = one.gateway === "adyen" && one.effects.length === 0;
    if (isUnheardOf) await tellOfTheUnknown(one, id, key);
    const canceled = await merchant.untilFinal(cancel(key, id), WITHIN_MS);
    expect(canceled.status, canceled.text).to.equal(200);
    expect(canceled.body["pending"]).to.equal(null);
    expect((await merchant.get(id)).text, "the answer shows the end").to.equal(canceled.text);
    const { amount_captured: captured, amount_refunded: refunded, status } = canceled.body;
    expect([captured, status]).to.deep.equal([refunded, isUnheardOf ? "failed" : "canceled"]);
    expect(standingMinor(chargesOf(cluster.info, id)), "what the shopper misses").to.equal(0n);
    const allowed = [one.effects.join(), ...(one.isEarly ? [""] : [])];
    expect(allowed).to.include(effectsOf(cluster.info, id).join());
  }

  /** Adyen has received the cancel of a payment that it does not know, and tells nothing: until it does no time ends it. */
  async function tellOfTheUnknown({ method }: Case, id: string, key: string): Promise<void> {
    await until("Adyen has received the cancel", WITHIN_MS, async () =>
      (await factsOf(cluster, id)).includes("gatewayProcessing"),
    );
    const open = await merchant.send(cancel(key, id));
    expect([open.status, open.body["id"]], open.text).to.deep.equal([202, id]);
    expect(open.body["pending"]).to.include({ cancel_requested: true });
    await tellOfOperation(cluster, id, method === "manual" ? "authorize" : "sale", false);
  }

  for (const one of CASES) it(titleOf(one), () => running.get(one));

  it("leaves the books in order", () => expectInvariants(cluster));
});
