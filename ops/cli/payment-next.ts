/** What fires next of a payment, and when: checks, deadlines, notices, deliveries, and what waits for people. Pure. */
import type { PaymentStory, StoryOperation } from "../../storage/index.ts";
import { checkOf, openOperationsOf, STEP_WORDS } from "./payment-check.ts";
import { printed } from "./printed.ts";

/** `atMs` null: nobody outside the owner's memory knows when, or it waits for people. Unix milliseconds. */
export interface NextStep {
  readonly what: "check" | "deadline" | "cancel" | "notice" | "delivery" | "person" | "nothing";
  readonly atMs: number | null;
  /** What it is about: an id, or a gateway's name for a notice. */
  readonly about: string;
  readonly text: string;
}

/** In the order of their times; what has none comes first, people come last. `nothing`, alone, of a payment at rest. */
export function nextOf(story: PaymentStory): readonly NextStep[] {
  const steps = [
    ...openOperationsOf(story).flatMap((operation) => ofOperation(story, operation)),
    ...ofNotices(story),
    ...ofDeliveries(story),
  ].sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  const all = [...steps, ...ofPeople(story)];
  if (all.length > 0) return all;
  return [{ what: "nothing", atMs: null, about: story.id, text: "the payment is at rest" }];
}

function ofOperation(story: PaymentStory, operation: StoryOperation): readonly NextStep[] {
  const { id, kind, deadlineAtMs, nextCheckAtMs } = operation;
  const { readAtMs } = story;
  const check = checkOf(story, operation, Math.max(readAtMs, nextCheckAtMs ?? 0));
  const { waitsFor, explanation, flagsForReview } = check;
  if (waitsFor !== null)
    return [{ what: "cancel", atMs: null, about: id, text: `waits for the end of ${waitsFor.kind} ${waitsFor.id}` }];
  const flags = flagsForReview ? "flags it for people, then " : "";
  const words = `${kind}: ${flags}${STEP_WORDS[explanation.step]} (rule "${explanation.rule}": ${explanation.why})`;
  const steps: NextStep[] = [
    { what: "check", atMs: nextCheckAtMs, about: id, text: `${words}${remark(nextCheckAtMs, readAtMs)}` },
  ];
  if (deadlineAtMs > readAtMs)
    steps.push({
      what: "deadline",
      atMs: deadlineAtMs,
      about: id,
      text: `${kind}: from then on it is only read or canceled, and people are told`,
    });
  return steps;
}
/** The owner notes times behind its decisions, and none anew while a call runs. */
function remark(nextCheckAtMs: number | null, nowMs: number): string {
  if (nextCheckAtMs === null) return "; its first call may still run: no time is noted yet";
  return nextCheckAtMs < nowMs ? "; the noted time has passed: a call still runs, or no owner checks" : "";
}

const ofNotices = ({ notices }: PaymentStory): readonly NextStep[] =>
  (notices ?? []).flatMap(({ nextTryAtMs, gateway, type, dedupeKey, state, verdict }) =>
    nextTryAtMs === null
      ? []
      : [
          {
            what: "notice" as const,
            atMs: nextTryAtMs,
            about: printed(dedupeKey),
            text: `${gateway} ${printed(type)} is ${state} (${verdict}): it is decided anew`,
          },
        ],
  );

const ofDeliveries = ({ events }: PaymentStory): readonly NextStep[] =>
  events.flatMap(({ id, type, deliveries }) =>
    deliveries.flatMap(({ state, endpointId, attempts, nextAttemptAtMs }) =>
      state !== "waiting"
        ? []
        : [
            {
              what: "delivery" as const,
              atMs: nextAttemptAtMs,
              about: id,
              text: `${printed(type)} is sent to ${endpointId}, attempt ${attempts + 1}`,
            },
          ],
    ),
  );

/** What nothing of ours will end. */
const ofPeople = ({ findings, notices }: PaymentStory): readonly NextStep[] => [
  ...(findings ?? []).flatMap(({ state, class: name, observed, suggestedAction }) =>
    state !== "open"
      ? []
      : [
          {
            what: "person" as const,
            atMs: null,
            about: name,
            text: `${printed(observed ?? "a difference")}: ${printed(suggestedAction ?? "find out why")}`,
          },
        ],
  ),
  ...(notices ?? []).flatMap(({ state, nextTryAtMs, gateway, type, verdict, dedupeKey }) =>
    state !== "parked" || nextTryAtMs !== null
      ? []
      : [
          {
            what: "person" as const,
            atMs: null,
            about: printed(dedupeKey),
            text: `${gateway} ${printed(type)} is parked for good (${verdict})`,
          },
        ],
  ),
];
