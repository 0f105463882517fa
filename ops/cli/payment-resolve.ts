/** What the resolver would do now about a payment's open operations, as text (gateways.md §3.3). Pure. */
import type { Explanation } from "../../actors/index.ts";
import type { PaymentStory } from "../../storage/index.ts";
import { durationText } from "./ages.ts";
import { ASSUMED, type Check, STEP_WORDS } from "./payment-check.ts";
import { printAge, printAmount, printTime, type Reader } from "./printed.ts";

/** For people, without a line end: one block for each operation. */
export function renderChecks(story: PaymentStory, checks: readonly Check[], reader: Reader): string {
  if (checks.length === 0) return `${story.id} is ${story.payment.status}: no operation is open, no rule fires`;
  return [
    ...checks.map((check) => blockOf(story, check, reader).join("\n")),
    `Assumed:\n  ${ASSUMED.join("\n  ")}`,
  ].join("\n\n");
}

function blockOf({ payment }: PaymentStory, check: Check, reader: Reader): readonly string[] {
  const { operation, waitsFor, flagsForReview, explanation, whenUndecided, doubt } = check;
  const { id, kind, state, amountMinor, tries, nextCheckAtMs, deadlineAtMs, pendingReason } = operation;
  const head = `${kind} ${id}  ${state}  ${printAmount(amountMinor, payment.currency)} at ${payment.gateway}`;
  const at = (atMs: number): string => `${printTime(atMs, reader)} (${printAge(atMs, reader)})`;
  const facts = [
    ["because", pendingReason ?? "its first call is not answered"],
    ["tries", tries === null ? "not noted yet" : String(tries)],
    ["next check", nextCheckAtMs === null ? "not noted yet" : at(nextCheckAtMs)],
    ["deadline", at(deadlineAtMs)],
  ] as const;
  const rule =
    waitsFor === null
      ? [
          ...(flagsForReview ? ["  first       flags it for people: the deadline has passed"] : []),
          ...ruleLines("rule", explanation),
          ...(whenUndecided === null ? [] : ruleLines("then", whenUndecided)),
          ...keyLines(explanation),
          ...ladderLines(explanation),
          `  inputs      ${inputsText(doubt)}`,
        ]
      : [`  waits for   the end of ${waitsFor.kind} ${waitsFor.id}: no rule fires before`];
  return [head, ...facts.map(([name, text]) => `  ${name.padEnd(12)}${text}`), ...rule];
}

/** `then`: what follows at once if the read shows that nothing ran. */
const ruleLines = (name: "rule" | "then", { rule, step, why, passedOver }: Explanation): readonly string[] => [
  `  ${name.padEnd(12)}${name === "then" ? "if that shows nothing: " : ""}"${rule}": ${STEP_WORDS[step]}`,
  `              because ${why}`,
  ...(name === "then" || passedOver.length === 0 ? [] : [`              passed over: ${passedOver.join(", ")}`]),
];

const keyLines = ({ key }: Explanation): readonly string[] => [
  `  key         ${durationText(key.ageMs)} old of ${key.ttlMs === null ? "for ever" : durationText(key.ttlMs)}, known per ${key.scope}`,
];

const ladderLines = ({ ladder, evidence }: Explanation): readonly string[] =>
  ladder.map(({ evidence: kind, how, validity, isValid }, at) => {
    const mark = kind === evidence ? "*" : " ";
    const when = isValid ? "" : ` [not now: ${validity}]`;
    return `  ${(at === 0 ? "evidence" : "").padEnd(10)}${mark} ${at + 1}. ${how}${when}`;
  });

/** What is so, by its name; numbers with theirs. */
const inputsText = (doubt: Check["doubt"]): string =>
  Object.entries(doubt)
    .flatMap(([name, value]) => {
      if (value === true) return name;
      if (typeof value === "number") return `${name.replace(/Ms$/, "")} ${durationText(value)}`;
      return [];
    })
    .join(", ") || "nothing holds";
