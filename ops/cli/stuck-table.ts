/** Payments that do not come to rest, as a table. Pure. */
import type { StuckPayment } from "../../storage/index.ts";
import { durationText } from "./ages.ts";
import { renderTable } from "./answers.ts";
import { printAge, printAmount, printed, printTime, type Reader } from "./printed.ts";

/** `isWide`: with merchants, ids and times of the clock. */
export interface StuckLook extends Reader {
  readonly isWide: boolean;
}
type Column = readonly [name: string, text: (one: StuckPayment, look: StuckLook) => string];

const WHY: { readonly [W in StuckPayment["why"]]: string } = {
  needs_review: "needs review",
  open_operation: "open",
  notice_parked: "notice parked",
  notice_waits: "notice waits",
};
const whatOf = ({ operation, notice }: StuckPayment): string =>
  operation === null
    ? `${printed(notice?.type ?? "?")} ${notice?.verdict ?? ""}`
    : `${operation.kind} ${printAmount(operation.amountMinor, operation.currency)}`;
const timeOf = (atMs: number | null | undefined, look: StuckLook): string => {
  if (atMs === null || atMs === undefined) return "-";
  return look.isWide ? `${printTime(atMs, look)} (${printAge(atMs, look)})` : printAge(atMs, look);
};

const NARROW: readonly Column[] = [
  ["PAYMENT", ({ paymentId }) => paymentId ?? "(none of ours)"],
  ["STATUS", ({ status }) => status ?? "-"],
  ["WHY", ({ why }) => WHY[why]],
  ["WHAT", whatOf],
  ["GATEWAY", ({ gateway }) => gateway],
  ["REASON", ({ operation }) => operation?.pendingReason ?? "-"],
  ["AGE", ({ sinceAtMs }, { nowMs }) => durationText(nowMs - sinceAtMs)],
  ["TRIES", ({ tries }) => (tries === null ? "-" : String(tries))],
  ["NEXT CHECK", ({ nextCheckAtMs }, look) => timeOf(nextCheckAtMs, look)],
  ["DEADLINE", ({ operation }, look) => timeOf(operation?.deadlineAtMs, look)],
];
const WIDE: readonly Column[] = [
  ...NARROW,
  ["MERCHANT", ({ merchantId }) => merchantId ?? "-"],
  ["ABOUT", ({ operation, notice }) => operation?.id ?? printed(notice?.dedupeKey ?? "-")],
];

/** For people, without a line end. */
export function renderStuck(payments: readonly StuckPayment[], look: StuckLook): string {
  const columns = look.isWide ? WIDE : NARROW;
  return renderTable(
    columns.map(([name]) => name),
    payments.map((one) => columns.map(([, text]) => text(one, look))),
  );
}
