/** What the shoppers of a soak buy, by a seed alone: the same seed gives the same purchases, whatever happens to them. */
import { GATEWAY_TOKENS, type SimulatedGateway, type TokenRow } from "../../../ops/sandbox/gateways/tokens.ts";
import type { SeededRandom } from "../rig/seeded-random.ts";

export interface PlannedStep {
  readonly kind: "capture" | "refund" | "cancel";
  /** Minor units; null: all that there is. */
  readonly amount: number | null;
  /** It is sent two times at once. */
  readonly isTwin: boolean;
}

export interface PlannedPurchase {
  readonly key: string;
  /** Which of the merchants. */
  readonly merchant: number;
  readonly gateway: SimulatedGateway;
  readonly token: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly captureMethod: "automatic" | "manual";
  /** What is done to it afterwards: rounds, each of steps at once. */
  readonly rounds: readonly (readonly PlannedStep[])[];
  /** The shopper cancels as soon as the answer is that nobody knows yet. */
  readonly cancelsInDoubt: boolean;
  readonly isTwin: boolean;
  /** The client leaves its first try after so long, and sends it again; null: it waits. */
  readonly hangsUpAfterMs: number | null;
  /** The gateway charges something else than it was asked for: it stays pending, for people. */
  readonly isPlanted: boolean;
}

const SOUND = ["tok_visa", "tok_mastercard", "tok_amex", "tok_applepay", "tok_googlepay"];
/** Amounts below end in 0: three decimals must, at Stripe. */
const CURRENCIES = ["EUR", "EUR", "USD", "GBP", "JPY", "KWD"];
const PLANTED_SHARE = 0.01;
const TROUBLED_SHARE = 0.25;
const DECLINED_SHARE = 0.08;
const TWIN_SHARE = 0.05;
const HANG_UP_SHARE = 0.05;
const CANCEL_IN_DOUBT_SHARE = 0.3;

const isTroubled = (row: TokenRow): boolean =>
  row.mismatch === undefined && row.decline === undefined && !SOUND.includes(row.token);
const SOUND_ROWS = GATEWAY_TOKENS.filter(({ token }) => SOUND.includes(token));
const PLANTED = GATEWAY_TOKENS.filter(({ mismatch }) => mismatch !== undefined);
const DECLINED = GATEWAY_TOKENS.filter(({ decline, sequels }) => decline !== undefined && sequels === undefined);
const TROUBLED = GATEWAY_TOKENS.filter((row) => isTroubled(row) || row.sequels?.includes("late_success") === true);

/** Chance, as the plans draw it. */
export class Dice {
  readonly #random: SeededRandom;
  constructor(random: SeededRandom) {
    this.#random = random;
  }
  isIn(share: number): boolean {
    return this.#random.next() < share;
  }
  /** A whole number from `least` to `most`. */
  from(least: number, most: number): number {
    return least + Math.floor(this.#random.next() * (most - least + 1));
  }
  one<T>(items: readonly T[]): T {
    return items[this.from(0, items.length - 1)] as T; // within its bounds
  }
  /** In another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.map(() => rest.splice(this.from(0, rest.length - 1), 1)[0] as T);
  }
}

/** Deals every item once before any comes again. */
export class Deck<T> {
  readonly #items: readonly T[];
  readonly #dice: Dice;
  #left: T[] = [];
  constructor(items: readonly T[], dice: Dice) {
    this.#items = items;
    this.#dice = dice;
  }
  deal(): T {
    if (this.#left.length === 0) this.#left = this.#dice.shuffled(this.#items);
    return this.#left.pop() as T; // it was just filled
  }
}

/** Only a notification tells that a capture, a void or a refund at Adyen has ended. */
const isDeaf = (gateway: SimulatedGateway, row: TokenRow, isMute: boolean): boolean =>
  gateway === "adyen" && (isMute || row.webhooks === "lost");
/** Nothing of it is told by notifications alone. */
const needsNoWebhook = ({ sequels, webhooks, capture, refund }: TokenRow): boolean =>
  [sequels, webhooks, capture, refund].every((trouble) => trouble === undefined);

export interface PurchaseTerms {
  readonly count: number;
  /** The first so many are made while no notification is sent. */
  readonly muteCount: number;
  readonly gateways: readonly SimulatedGateway[];
  readonly merchants: number;
  readonly name: string;
}

export function planPurchases(
  { count, muteCount, gateways, merchants, name }: PurchaseTerms,
  dice: Dice,
): readonly PlannedPurchase[] {
  const decks = gateways.map((gateway) => {
    const known = (rows: readonly TokenRow[]) => rows.filter((row) => row.gateways.includes(gateway));
    return {
      gateway,
      planted: new Deck(PLANTED, dice),
      declined: new Deck(DECLINED, dice),
      troubled: new Deck(known(TROUBLED), dice),
      quiet: new Deck(known(TROUBLED).filter(needsNoWebhook), dice),
    };
  });
  return Array.from({ length: count }, (_, index) => {
    const isMute = index < muteCount;
    const { gateway, planted, declined, troubled, quiet } = decks[index % decks.length] as (typeof decks)[number];
    const isPlanted = !isMute && dice.isIn(PLANTED_SHARE);
    const isInTrouble = !isPlanted && dice.isIn(TROUBLED_SHARE);
    const row = isPlanted
      ? planted.deal()
      : isInTrouble
        ? (isMute ? quiet : troubled).deal()
        : dice.isIn(DECLINED_SHARE)
          ? declined.deal()
          : dice.one(SOUND_ROWS);
    const isLeftAlone = isPlanted || isDeaf(gateway, row, isMute);
    const amount = 10 * dice.from(10, 999);
    const captureMethod = methodOf(row, dice);
    return {
      key: `${name}-${index}`,
      merchant: dice.from(0, merchants - 1),
      gateway,
      token: row.token,
      amount,
      currency: isPlanted ? "EUR" : dice.one(CURRENCIES),
      captureMethod,
      rounds: isLeftAlone ? [] : planRounds(row, captureMethod, amount, dice),
      // Adyen tells nothing of what it does not know: whether it may still come stays open for days there.
      cancelsInDoubt: gateway === "stripe" && !isPlanted && isInTrouble && dice.isIn(CANCEL_IN_DOUBT_SHARE),
      isTwin: dice.isIn(TWIN_SHARE),
      hangsUpAfterMs: dice.isIn(HANG_UP_SHARE) ? dice.from(1, 200) : null,
      isPlanted,
    };
  });
}

/** What a token does to captures and authorizations shows only where there are any. */
function methodOf({ capture, sequels, refund }: TokenRow, dice: Dice): PlannedPurchase["captureMethod"] {
  if (capture !== undefined || sequels?.includes("expire") === true) return "manual";
  if (refund !== undefined || sequels?.some((what) => what.startsWith("refund")) === true) return "automatic";
  return dice.isIn(0.5) ? "manual" : "automatic";
}

type Script = (amount: number, dice: Dice) => readonly (readonly Omit<PlannedStep, "isTwin">[])[];
const part = (of: number, dice: Dice): number => 10 * dice.from(1, Math.max(1, of / 10 - 1));
const refunds: Script = (amount, dice) => {
  const first = part(amount, dice);
  const second = Math.min(part(amount, dice), amount - first);
  return [[{ kind: "refund", amount: first }, ...(second > 0 ? [{ kind: "refund", amount: second } as const] : [])]];
};
const refundPart: Script = (amount, dice) => [[{ kind: "refund", amount: part(amount, dice) }]];
const refundAll: Script = () => [[{ kind: "refund", amount: null }]];
const cancelIt: Script = () => [[{ kind: "cancel", amount: null }]];
const captureAll: Script = () => [[{ kind: "capture", amount: null }]];
const nothing: Script = () => [];
const SCRIPTS: { readonly [M in PlannedPurchase["captureMethod"]]: readonly Script[] } = {
  automatic: [nothing, nothing, refundPart, refundPart, refunds, refundAll, cancelIt],
  manual: [
    nothing,
    captureAll,
    cancelIt,
    (amount, dice) => [[{ kind: "capture", amount: part(amount, dice) }]],
    (amount, dice) => {
      const taken = part(amount, dice);
      return [[{ kind: "capture", amount: taken }], ...refundPart(taken, dice)];
    },
    (amount, dice) => [...captureAll(amount, dice), ...refunds(amount, dice)],
    (amount, dice) => [[...captureAll(amount, dice), ...cancelIt(amount, dice)].flat()], // one of the two wins
  ],
};

function planRounds(
  row: TokenRow,
  method: PlannedPurchase["captureMethod"],
  amount: number,
  dice: Dice,
): PlannedPurchase["rounds"] {
  const isForced = row.capture !== undefined || row.sequels?.includes("capture_failed") === true;
  const forced = row.refund !== undefined || row.sequels?.some((what) => what.startsWith("refund")) === true;
  // What was given back before its capture failed is for people (gateways.md §1.6).
  if (row.sequels?.includes("capture_failed") === true && method === "automatic") return [];
  const script = forced ? refundPart : isForced && method === "manual" ? captureAll : dice.one(SCRIPTS[method]);
  return script(amount, dice).map((steps) => steps.map((step) => ({ ...step, isTwin: dice.isIn(TWIN_SHARE) })));
}
