/** A payment's story as text: its terms, its rows with what belongs to them, and what fires next. Pure. */
import type { FactKind } from "../../actors/domain/index.ts";
import type { PaymentStory, StoryPayment, StoryRow } from "../../storage/index.ts";
import { durationText } from "./ages.ts";
import { renderTable } from "./answers.ts";
import { nextOf, type NextStep } from "./payment-next.ts";
import { type Moment, timelineOf } from "./payment-timeline.ts";
import { printAge, printAmount, printed, printTime, type Reader } from "./printed.ts";

/** `isWide`: with places in the journal, owners, keys and amounts. */
export interface StoryLook extends Reader {
  readonly isWide: boolean;
}

/** For people, without a line end. */
export function renderStory(story: PaymentStory, look: StoryLook): string {
  const moments = timelineOf(story);
  return [
    ...headOf(story, look),
    "",
    ...rowsOf(moments, story, look),
    ...gapsOf(story),
    "",
    ...(look.isWide ? [...operationsOf(story, look), ""] : []),
    "Next:",
    ...nextOf(story).map((step) => `  ${nextLine(step, look)}`),
  ].join("\n");
}

const AMOUNTS = [
  ["authorized", "authorizedMinor"],
  ["captured", "capturedMinor"],
  ["refunded", "refundedMinor"],
  ["refunding", "refundingMinor"],
  ["disputed", "disputedMinor"],
] as const;
type Amounts = Pick<StoryPayment, (typeof AMOUNTS)[number][1]>;

/** Those that are not zero. */
const amountsOf = (amounts: Amounts, currency: string): string =>
  AMOUNTS.filter(([, member]) => amounts[member] !== "0")
    .map(([name, member]) => `${name} ${printAmount(amounts[member], currency)}`)
    .join(", ");

function headOf({ id, merchantId, payment, owner, slot, slotState }: PaymentStory, look: StoryLook): readonly string[] {
  const { status, amountMinor, currency, gateway, gatewayAccount, gatewayReference, merchantReference } = payment;
  const created = `${printTime(payment.createdAtMs, look)} (${printAge(payment.createdAtMs, look)})`;
  const amounts = amountsOf(payment, currency) || "nothing yet";
  const facts: readonly (readonly [string, string])[] = [
    ["payment", `${id}  ${status}  ${printAmount(amountMinor, currency)}  ${payment.captureMethod} capture`],
    ["merchant", `${merchantId}${merchantReference === null ? "" : `  reference "${printed(merchantReference)}"`}`],
    [
      "gateway",
      `${gateway}  ${printed(gatewayAccount)}  ${gatewayReference === null ? "no id yet" : printed(gatewayReference)}`,
    ],
    ["amounts", amounts],
    ["created", created],
    [
      "owner",
      `${owner.isReleased ? "none" : printed(owner.node)}  epoch ${owner.epoch}  slot ${slot} ${slotState ?? "of no shard"}`,
    ],
  ];
  return facts.map(([name, text]) => `${name.padEnd(10)}${text}`);
}

type Column = readonly [name: string, text: (row: StoryRow, look: StoryLook, currency: string) => string];
const statusText = ({ fromStatus, toStatus }: StoryRow): string =>
  fromStatus === toStatus ? toStatus : `${fromStatus} -> ${toStatus}`;
const NARROW: readonly Column[] = [
  ["V", ({ version }) => String(version)],
  ["TIME", ({ recordedAtMs }, look) => printTime(recordedAtMs, look)],
  ["FACT", ({ fact }) => fact],
  ["STATUS", statusText],
  ["OPERATION", ({ operationKind, operationState }) => `${operationKind} ${operationState}`],
  ["CAUSE", ({ cause }) => printed(cause)],
  ["DETAIL", (row) => detailOf(row)],
];
const WIDE: readonly Column[] = [
  ...NARROW,
  ["ID", ({ operationId }) => operationId],
  ["AMOUNTS", (row, _, currency) => amountsOf(row, currency)],
  ["SEQ", ({ originShard, seq }) => `${originShard}/${seq}`],
  ["EPOCH", ({ epoch }) => epoch],
  ["NODE", ({ node }) => printed(node ?? "?")],
];

/** Rows that say why an operation is open; every other row of an open one repeats it. */
const OF_DOUBT: ReadonlySet<FactKind> = new Set([
  "outcomeUnknown",
  "gatewayProcessing",
  "conflicted",
  "deadlinePassed",
]);
/** What the row says beside its columns; a wrong hash first. */
function detailOf({ said, isHashRight, fact }: StoryRow): string {
  const failure = said.operationFailure ?? said.failure;
  return [
    isHashRight ? "" : "HASH WRONG",
    OF_DOUBT.has(fact) ? (said.pendingReason ?? "") : "",
    said.needsReview === true ? "needs review" : "",
    failure === undefined ? "" : failureText(failure),
    said.reference === undefined ? "" : printed(said.reference),
    said.dispute === undefined ? "" : `dispute ${said.dispute.state}, funds ${said.dispute.funds}`,
  ]
    .filter((text) => text !== "")
    .join(", ");
}
const failureText = ({ code, gatewayCode }: { readonly code: string; readonly gatewayCode: string | null }): string =>
  printed(gatewayCode === null || gatewayCode === code ? code : `${code} (${gatewayCode})`);

function rowsOf(moments: readonly Moment[], { payment }: PaymentStory, look: StoryLook): readonly string[] {
  const columns = look.isWide ? WIDE : NARROW;
  const table = renderTable(
    columns.map(([name]) => name),
    moments.map(({ row }) => columns.map(([, text]) => text(row, look, payment.currency))),
  ).split("\n");
  const [head = "", ...rows] = table;
  return [
    head,
    ...moments.flatMap(({ lines }, at) => [
      rows[at] ?? "",
      ...lines.map(({ kind, atMs, text }) => `   ${kind.padEnd(9)}${timed(kind, atMs, look)}${text}`),
    ]),
  ];
}

/** What came from outside came at a time of its own. */
const timed = (kind: string, atMs: number, look: StoryLook): string =>
  kind === "told" || kind === "heard" ? `${printTime(atMs, look)}  ` : "";

/** What is not shown. */
function gapsOf({ rowsLeftOut, notices, findings }: PaymentStory): readonly string[] {
  const gaps = [
    rowsLeftOut > 0 ? `${rowsLeftOut} older rows` : "",
    notices === null ? "notices of the gateway: reading them took too long" : "",
    findings === null ? "differences: reading them took too long" : "",
  ].filter((text) => text !== "");
  return gaps.map((text) => `not shown: ${text}`);
}

function operationsOf({ operations, payment }: PaymentStory, look: StoryLook): readonly string[] {
  const rows = operations.map((one) => [
    one.id,
    one.kind,
    one.state,
    printAmount(one.amountMinor, payment.currency),
    one.gatewayKey,
    one.tries === null ? "-" : String(one.tries),
    one.endedAtMs === null
      ? `deadline ${printTime(one.deadlineAtMs, look)}`
      : durationText(one.endedAtMs - one.submittedAtMs),
    printed(one.reference ?? "-"),
    one.isCompensation ? "compensation" : "request",
  ]);
  const names = ["OPERATION", "KIND", "STATE", "AMOUNT", "GATEWAY KEY", "TRIES", "TOOK", "REFERENCE", "BY"];
  return renderTable(names, rows).split("\n");
}

function nextLine({ what, atMs, about, text }: NextStep, look: StoryLook): string {
  const due = atMs !== null && atMs < look.nowMs ? "due " : "";
  const when = atMs === null ? "" : `${printTime(atMs, look)} (${due}${printAge(atMs, look)})  `;
  return what === "nothing" ? `nothing: ${text}` : `${what.padEnd(9)}${when}${about}  ${text}`;
}
