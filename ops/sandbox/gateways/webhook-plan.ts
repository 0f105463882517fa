/** When and how often a token's webhooks are sent, as data; what goes wrong on the control API's word comes on top. */
import { type Happening, isCharge } from "./happening.ts";
import type { WebhookManner } from "./tokens.ts";

/** One sending. `afterMs`: from its cause. `isAwaited`: the call is not answered before it was tried. */
export interface Sending {
  readonly afterMs: number;
  readonly isAwaited?: boolean;
  /** It says the opposite of what happened. */
  readonly isOpposite?: boolean;
}
export interface SendingTimes {
  readonly soonMs: number;
  readonly lateMs: number;
}
/** What the control API asks for beside the token. */
export interface WebhookFaults {
  /** Webhooks are lost: none is kept. */
  readonly mute: boolean;
  /** Added to each. */
  readonly delayMs: number;
  /** Each is sent so many times; at least 1. */
  readonly copies: number;
  /** Every other one lets the next ones pass. */
  readonly reorder: boolean;
}
export const NO_FAULTS: WebhookFaults = { mute: false, delayMs: 0, copies: 1, reorder: false };

type Plan = (times: SendingTimes, happening: Happening) => readonly Sending[];

const soon: Plan = ({ soonMs }) => [{ afterMs: soonMs }];
const late: Plan = ({ lateMs }) => [{ afterMs: lateMs }];
const PLANS: { readonly [M in WebhookManner]: Plan } = {
  first: () => [{ afterMs: 0, isAwaited: true }],
  lost: () => [],
  late,
  twice: ({ soonMs }) => [{ afterMs: soonMs }, { afterMs: soonMs }],
  reordered: (times, happening) => (isCharge(happening) ? late : soon)(times, happening),
  opposite: (times, happening) =>
    isCharge(happening)
      ? [{ afterMs: 0, isAwaited: true, isOpposite: true }, { afterMs: times.lateMs }]
      : soon(times, happening),
};

/** How far a reordered webhook falls behind. */
const FALLS_BEHIND_MS = 500;

/** `nth`: of all webhooks of the gateway, from 0. */
export function planSendings(
  manner: WebhookManner | undefined,
  happening: Happening,
  times: SendingTimes,
  faults: WebhookFaults,
  nth: number,
): readonly Sending[] {
  if (faults.mute) return [];
  const planned = (manner === undefined ? soon : PLANS[manner])(times, happening);
  const extraMs = faults.delayMs + (faults.reorder && nth % 2 === 0 ? FALLS_BEHIND_MS : 0);
  return planned.flatMap((sending) =>
    Array.from({ length: faults.copies }, () => ({ ...sending, afterMs: sending.afterMs + extraMs })),
  );
}
