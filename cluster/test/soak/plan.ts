/** A whole soak by its seed: who buys what, and what goes wrong when which purchase begins. */
import type { SimulatedGateway } from "../../../ops/sandbox/gateways/tokens.ts";
import { seededRandom } from "../rig/seeded-random.ts";
import { Deck, Dice, type PlannedPurchase, planPurchases } from "./plan-purchases.ts";

/** Each is done with when it has healed, but what notifications suffer: that goes on until the next change of it. */
export type PlannedFault =
  | { readonly kind: "killNode" | "killPostgres" | "killBackend" | "killRedis" }
  | { readonly kind: "freezeNode"; readonly ms: number }
  | { readonly kind: "endSessions"; readonly times: number }
  | {
      readonly kind: "dark" | "refuse" | "status500" | "rateLimit" | "readsDown" | "notFound";
      readonly gateway: SimulatedGateway;
      readonly ms: number;
    }
  | { readonly kind: "slow"; readonly gateway: SimulatedGateway; readonly ms: number; readonly latencyMs: number }
  | {
      readonly kind: "webhooks";
      readonly gateway: SimulatedGateway;
      readonly duplicate: number;
      readonly reorder: boolean;
      readonly delayMs: number;
      readonly batch: number;
    };

export interface SoakPlan {
  readonly seed: number;
  readonly purchases: readonly PlannedPurchase[];
  /** No notification is sent before this purchase begins. */
  readonly muteCount: number;
  /** `at`: the purchase that it begins with. In order. */
  readonly faults: readonly { readonly at: number; readonly fault: PlannedFault }[];
}
export interface SoakTerms {
  readonly seed: number;
  readonly payments: number;
  readonly gateways: readonly SimulatedGateway[];
  readonly merchants: number;
}

const MUTE_SHARE = 0.08;
const PAYMENTS_PER_FAULT = 100;
const FAULTS_MIN = 6;

type Draw = (dice: Dice, gateway: SimulatedGateway) => PlannedFault;
const plain =
  (kind: "killNode" | "killPostgres" | "killBackend" | "killRedis"): Draw =>
  () => ({ kind });
const timed =
  (kind: Extract<PlannedFault, { ms: number; gateway: unknown }>["kind"] & Timed): Draw =>
  (dice, gateway) => ({ kind, gateway, ms: 100 * dice.from(10, 50) });
type Timed = "dark" | "refuse" | "status500" | "rateLimit" | "readsDown" | "notFound";
const webhooks: Draw = (dice, gateway) => ({
  kind: "webhooks",
  gateway,
  duplicate: dice.from(1, 4),
  reorder: dice.isIn(0.5),
  delayMs: dice.isIn(0.5) ? 100 * dice.from(1, 20) : 0,
  batch: gateway === "adyen" ? dice.from(1, 6) : 1, // Stripe sends no two in one request
});

/** Every one comes once before any comes again; the node dies more often than anything else. */
const FAULTS: readonly Draw[] = [
  plain("killNode"),
  plain("killNode"),
  plain("killNode"),
  plain("killNode"),
  plain("killNode"),
  plain("killPostgres"),
  plain("killBackend"),
  plain("killRedis"),
  (dice) => ({ kind: "freezeNode", ms: 100 * dice.from(2, 30) }),
  (dice) => ({ kind: "endSessions", times: dice.from(1, 5) }),
  timed("dark"),
  timed("dark"),
  timed("refuse"),
  timed("status500"),
  timed("rateLimit"),
  timed("readsDown"),
  timed("notFound"),
  (dice, gateway) => ({ kind: "slow", gateway, ms: 100 * dice.from(10, 30), latencyMs: 10 * dice.from(5, 40) }),
  webhooks,
  webhooks,
  webhooks,
];

/** Pure: the same terms give the same plan. */
export function planSoak({ seed, payments, gateways, merchants }: SoakTerms): SoakPlan {
  const dice = new Dice(seededRandom(seed));
  const muteCount = Math.floor(payments * MUTE_SHARE);
  const purchases = planPurchases({ count: payments, muteCount, gateways, merchants, name: `soak-${seed}` }, dice);
  const count = Math.max(FAULTS_MIN, Math.round(payments / PAYMENTS_PER_FAULT));
  const deck = new Deck(FAULTS, dice);
  const span = payments / count;
  const faults = Array.from({ length: count }, (_, n) => ({
    at: Math.min(payments - 1, Math.floor(span * n) + dice.from(0, Math.floor(span * 0.8))),
    fault: deck.deal()(dice, dice.one(gateways)),
  }));
  return { seed, purchases, muteCount, faults };
}

/** In one word each, for the log. */
export const describeFault = ({ kind, ...more }: PlannedFault): string =>
  [kind, ...Object.entries(more).map(([name, value]) => `${name}=${value}`)].join(" ");
