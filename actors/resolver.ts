/**
 * Looks up what follows of a doubt: the row that fires, everything that people should know of it, and when to look next
 * (gateways.md §3.3, §3.4). Pure. Durations in milliseconds.
 */
import type { GatewayName, OperationKind } from "./domain/index.ts";
import { type Doubt, type Rule, RULES, type Step } from "./doubt-rules.ts";
import { EVIDENCE, type Evidence, type EvidenceLine, type Validity } from "./evidence.ts";
import type { GatewayCapabilities } from "./ports/gateway.ts";
import type { Random } from "./ports/world.ts";

/** An authorize and a sale make a payment; the rest is done to one. */
export const isCharge = (kind: OperationKind): boolean => kind === "authorize" || kind === "sale";

/** The call that moves money may be made, or made again: it is not too late, and nobody asked to cancel the charge. */
export const mayExecute = (doubt: Pick<Doubt, "kind" | "isPastDeadline" | "isCancelRequested">): boolean =>
  !doubt.isPastDeadline && !(doubt.isCancelRequested && isCharge(doubt.kind));

/** The rows that can fire for an operation at a gateway, in their order. */
export const rulesOf = (gateway: GatewayCapabilities, kind: OperationKind): readonly Rule[] =>
  RULES.filter(({ kinds, at }) => kinds.includes(kind) && at(gateway));

const fits = (rule: Rule, gateway: GatewayCapabilities, doubt: Doubt, graceMs: number): boolean =>
  (rule.phase === "any" || (rule.phase === "open") === mayExecute(doubt)) && rule.when(doubt, gateway, graceMs);

/** The rule that fires. `graceMs`: how long a call whose fate is unknown is left alone before it is repeated. */
export function ruleFor(gateway: GatewayCapabilities, doubt: Doubt, graceMs: number): Rule {
  const rule = RULES.find(
    (one) => one.kinds.includes(doubt.kind) && one.at(gateway) && fits(one, gateway, doubt, graceMs),
  );
  return rule as Rule; // the last row fits always
}

const keyLives = (gateway: GatewayCapabilities, { neverSubmitted, keyAgeMs }: Doubt): boolean =>
  neverSubmitted || keyAgeMs < gateway.keyTtlMs;

/** Whether evidence of a validity may be asked for now. */
const IS_VALID: { readonly [V in Validity]: (gateway: GatewayCapabilities, doubt: Doubt) => boolean } = {
  always: () => true,
  untilDeadline: (gateway, doubt) => mayExecute(doubt) && keyLives(gateway, doubt),
  fromDeadline: (_, doubt) => !mayExecute(doubt),
  keyLife: keyLives,
};

/** What a check would do now, and what could tell the outcome: for people, and as JSON. */
export interface Explanation {
  readonly gateway: GatewayName;
  readonly kind: OperationKind;
  readonly rule: string;
  readonly step: Step;
  readonly why: string;
  readonly evidence: Evidence;
  readonly validity: Validity;
  /** Rows of this gateway and operation that were asked before and did not fit. */
  readonly passedOver: readonly string[];
  /** Strongest first. `isValid`: it may be asked for now. */
  readonly ladder: readonly (EvidenceLine & { readonly isValid: boolean })[];
  /** `ttlMs` null: for ever. */
  readonly key: { readonly ageMs: number; readonly ttlMs: number | null; readonly scope: string };
}

/** The rule that fires, with its evidence and the validity of every other. Arguments as of `ruleFor`. */
export function explain(gateway: GatewayCapabilities, doubt: Doubt, graceMs: number): Explanation {
  const { kind } = doubt;
  const rule = ruleFor(gateway, doubt, graceMs);
  const rows = rulesOf(gateway, kind);
  return {
    gateway: gateway.name,
    kind,
    rule: rule.name,
    step: rule.step,
    why: rule.why,
    evidence: rule.evidence,
    validity: rule.validity,
    passedOver: rows.slice(0, rows.indexOf(rule)).map(({ name }) => name),
    ladder: EVIDENCE[gateway.name][kind].map((line) => {
      const validity = doubt.isCompensation && line.validity === "untilDeadline" ? "keyLife" : line.validity;
      return { ...line, validity, isValid: IS_VALID[validity](gateway, doubt) };
    }),
    key: {
      ageMs: doubt.keyAgeMs,
      ttlMs: Number.isFinite(gateway.keyTtlMs) ? gateway.keyTtlMs : null,
      scope: gateway.keyScope,
    },
  };
}

/** When to look, counted from the beginning of the doubt; afterwards hourly. */
const CHECK_AT_MS: readonly number[] = [1_000, 3_000, 10_000, 30_000, 120_000, 600_000, 1_800_000];
const HOUR_MS = 3_600_000;

/**
 * When to look next, in milliseconds from the doubt's beginning, `elapsedMs` after it: the first time of the schedule that
 * is still to come, with 0-20 % of jitter (of an hour at most, so that no time overtakes the next one). It depends on
 * nothing else, so planning twice plans the same check.
 */
export function nextCheckAfterMs(elapsedMs: number, random: Random): number {
  const lastMs = CHECK_AT_MS.at(-1) as number;
  const baseMs =
    CHECK_AT_MS.find((atMs) => atMs > elapsedMs) ?? lastMs + HOUR_MS * (1 + Math.floor((elapsedMs - lastMs) / HOUR_MS));
  return Math.round(baseMs + 0.2 * random.fraction() * Math.min(baseMs, HOUR_MS));
}
