/**
 * A payment's story in causal order: the journal's rows in theirs, and whatever else is known hung on the row that it
 * belongs to. Postings, answers and events name their row; a notice or a finding is matched by operation and time. Pure.
 */
import type {
  PaymentStory,
  StoryDelivery,
  StoryEntry,
  StoryEvent,
  StoryFinding,
  StoryNotice,
  StoryRow,
} from "../../storage/index.ts";
import { printAmount, printed } from "./printed.ts";

/** Why it happened first, what came of it after. The order here is the order in which they are shown. */
export const HUNG_KINDS = ["asked", "told", "booked", "answered", "found", "sent", "heard"] as const;
/**
 * `asked`: by a request with its key. `told`: by a notice. `booked`: a posting. `answered`: the answer that is stored for
 * the key. `found`: a difference. `sent`: an event. `heard`: a notice that changed nothing, or waits.
 */
export type HungKind = (typeof HUNG_KINDS)[number];

export interface HungLine {
  readonly kind: HungKind;
  readonly atMs: number;
  readonly text: string;
}
export interface Moment {
  readonly row: StoryRow;
  readonly lines: readonly HungLine[];
}

/** A finding or a notice that a row wrote was made before it, by no more than this. */
const SAME_COMMIT_MS = 5_000;

/** One moment for each row, in their order. */
export function timelineOf(story: PaymentStory): readonly Moment[] {
  const lines = new Map<StoryRow, HungLine[]>(story.rows.map((row) => [row, []]));
  const hang = (row: StoryRow | undefined, kind: HungKind, atMs: number, text: string): void => {
    const place = row ?? story.rows[0];
    if (place !== undefined) lines.get(place)?.push({ kind, atMs, text });
  };
  for (const row of story.rows) for (const { kind, text } of ofRow(story, row)) hang(row, kind, row.recordedAtMs, text);
  const rowOfEvent = new Map(story.rows.map((row) => [row.eventId, row]));
  for (const event of story.events)
    for (const text of sentTexts(event)) hang(rowOfEvent.get(event.id), "sent", event.createdAtMs, text);
  for (const { notice, row, isCause } of placesOf(story))
    hang(row, isCause ? "told" : "heard", notice.receivedAtMs, noticeText(notice));
  for (const finding of story.findings ?? [])
    hang(rowOfFinding(story, finding), "found", finding.firstSeenAtMs, findingText(finding));
  return story.rows.map((row) => ({ row, lines: (lines.get(row) ?? []).sort(inOrder) }));
}

const inOrder = (a: HungLine, b: HungLine): number =>
  HUNG_KINDS.indexOf(a.kind) - HUNG_KINDS.indexOf(b.kind) || a.atMs - b.atMs;

/** What names its row. */
function ofRow(
  { requests, entries }: PaymentStory,
  row: StoryRow,
): readonly { readonly kind: HungKind; readonly text: string }[] {
  const own = requests.filter(({ operationId }) => operationId === row.operationId);
  return [
    ...(row.submits
      ? own.map(({ key, route }) => ({ kind: "asked" as const, text: `${route} with key "${printed(key)}"` }))
      : []),
    ...entries
      .filter(({ seq, operationId }) => seq === row.seq && operationId === row.operationId)
      .map((entry) => ({ kind: "booked" as const, text: entryText(entry) })),
    ...(row.replyStatus === null
      ? []
      : own.map(({ key }) => ({
          kind: "answered" as const,
          text: `${row.replyStatus}, stored for key "${printed(key)}"`,
        }))),
  ];
}

interface Place {
  readonly notice: StoryNotice;
  readonly row: StoryRow | undefined;
  /** The row came of it. */
  readonly isCause: boolean;
}

/** An applied notice belongs to the first row behind it that no other notice has led to; the others to the row before them. */
function placesOf({ notices, rows }: PaymentStory): readonly Place[] {
  const taken = new Set<StoryRow>();
  return (notices ?? []).map((notice) => {
    const led =
      notice.verdict === "applied" ? rows.find((row) => !taken.has(row) && mayComeOf(row, notice)) : undefined;
    if (led !== undefined) taken.add(led);
    const before = rows.findLast(({ recordedAtMs }) => recordedAtMs <= notice.receivedAtMs);
    return { notice, row: led ?? before, isCause: led !== undefined };
  });
}

/** A hint is confirmed by a read first, so a row that a check wrote may come of a notice too; never a request's T1. */
const mayComeOf = (row: StoryRow, { operationId, receivedAtMs }: StoryNotice): boolean =>
  !row.submits && row.recordedAtMs >= receivedAtMs && (operationId === null || row.operationId === operationId);

const rowOfFinding = ({ rows }: PaymentStory, { firstSeenAtMs, operationId }: StoryFinding): StoryRow | undefined =>
  rows.find(
    (row) =>
      row.recordedAtMs >= firstSeenAtMs &&
      row.recordedAtMs - firstSeenAtMs <= SAME_COMMIT_MS &&
      (operationId === null || row.operationId === operationId),
  ) ?? rows.findLast(({ recordedAtMs }) => recordedAtMs <= firstSeenAtMs);

const entryText = ({ kind, amountMinor, currency, debit, credit }: StoryEntry): string =>
  `${kind} ${printAmount(amountMinor, currency)}: debit ${debit}, credit ${credit}`;

function noticeText({
  gateway,
  type,
  dedupeKey,
  claim,
  amountMinor,
  currency,
  state,
  verdict,
  tries,
}: StoryNotice): string {
  const amount = amountMinor === null || currency === null ? "" : ` ${printAmount(amountMinor, currency)}`;
  const decided = state === "processed" ? verdict : `${state}, ${verdict}, ${tries} tries`;
  return `${gateway} ${printed(type)} ${printed(dedupeKey)}: ${claim ?? "unreadable"}${amount}; ${decided}`;
}

function findingText({ class: name, state, expected, observed, evidence, resolvedBy }: StoryFinding): string {
  const end = state === "resolved" ? `resolved by ${printed(resolvedBy ?? "nobody")}` : state;
  const about = [observed, evidence].flatMap((text) => (text === null ? [] : printed(text))).join("; ");
  return `${name} ${end}: ${about} (expected: ${printed(expected ?? "nothing")})`;
}

function sentTexts({ id, sequence, type, deliveries }: StoryEvent): readonly string[] {
  const event = `event ${sequence} ${printed(type)} ${id}`;
  return deliveries.length === 0
    ? [`${event}: nobody wants it`]
    : deliveries.map((delivery) => `${event} to ${delivery.endpointId}: ${deliveryText(delivery)}`);
}
function deliveryText({ state, attempts, lastStatus, lastFailure }: StoryDelivery): string {
  const last = lastStatus === null ? printed(lastFailure ?? "") : `answered ${lastStatus}`;
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  return `${state}, ${tries}${last === "" ? "" : `, ${last}`}`;
}
