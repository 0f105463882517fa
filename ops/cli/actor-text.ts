/** A look into an actor, as people read it: what it is, what it writes, what differs, and its oldest operations. */
import { ageText, untilText } from "./ages.ts";
import { type Column, type Drawing, drawTable, paintState, type View } from "./views.ts";

interface OperationItem {
  readonly id: string;
  readonly payment_id: string;
  readonly kind: string;
  readonly state: string;
  readonly gateway: string;
  readonly submitted_at: string;
  readonly tries: number;
  readonly calling: { readonly action: string; readonly due_at: string } | null;
  readonly in_doubt_since: string | null;
  readonly next_check_at: string | null;
  readonly deadline_at: string;
  readonly pending_reason: string | null;
  readonly needs_review: boolean;
  readonly client_waits: boolean;
}
interface InspectionItem {
  readonly shard: number;
  readonly node: string;
  readonly mode: string;
  readonly epoch: string | null;
  readonly slots: number;
  readonly last_seq: string;
  readonly mailbox_depth: number;
  readonly commit: {
    readonly in_flight_rows: number | null;
    readonly in_flight_since: string | null;
    readonly intents_waiting: number;
    readonly outcomes_waiting: number;
    readonly healthy: boolean;
    readonly acknowledged_at: string | null;
  };
  readonly payments_in_memory: number;
  readonly notices_waiting: number;
  readonly open_operations: number;
  readonly operations_shown: number;
  readonly operations: readonly OperationItem[];
  readonly disk: { readonly epoch: string; readonly open_operations: number; readonly last_seq: string } | null;
  readonly comparison: string;
  readonly differences: readonly {
    readonly kind: string;
    readonly operation_id: string | null;
    readonly detail: string;
  }[];
}

export const INSPECTION_VIEW: View = {
  nameOf: (item) => String((item as InspectionItem).shard),
  textOf: (items, drawing) => items.map((item) => inspectionText(item as InspectionItem, drawing)).join("\n\n"),
};

const OPERATION_COLUMNS: readonly Column<OperationItem>[] = [
  { title: "PAYMENT", of: (one) => one.payment_id },
  { title: "KIND", of: (one) => one.kind },
  { title: "STATE", of: (one) => one.state },
  { title: "AGE", of: (one, nowMs) => ageText(one.submitted_at, nowMs) },
  { title: "TRIES", of: (one) => String(one.tries) },
  { title: "IN DOUBT", of: (one, nowMs) => ageText(one.in_doubt_since, nowMs) },
  { title: "NEXT CHECK", of: (one, nowMs) => untilText(one.next_check_at, nowMs) },
  { title: "DEADLINE", of: (one, nowMs) => untilText(one.deadline_at, nowMs) },
  { title: "WHY", of: (one) => (one.needs_review ? "needs review" : (one.pending_reason ?? "-")) },
  { title: "OPERATION", of: (one) => one.id, isWide: true },
  { title: "GATEWAY", of: (one) => one.gateway, isWide: true },
  { title: "CALLING", of: (one) => one.calling?.action ?? "-", isWide: true },
  { title: "CLIENT WAITS", of: (one) => (one.client_waits ? "yes" : "no"), isWide: true },
];

function inspectionText(item: InspectionItem, drawing: Drawing): string {
  const { disk, differences, operations, open_operations: open } = item;
  const lines: readonly (readonly [name: string, value: string])[] = [
    ["Shard", `${item.shard} on ${item.node}: ${paintState(item.mode, drawing)}, epoch ${item.epoch ?? "none"}`],
    ["Slots", String(item.slots)],
    ["Mailbox", `${item.mailbox_depth} waiting, ${item.notices_waiting} notices`],
    ["Commit", commitText(item.commit, drawing.nowMs)],
    ["Memory", `${item.payments_in_memory} payments, ${open} open operations, last seq ${item.last_seq}`],
    ["Database", diskText(disk)],
    ["Differences", differences.length > 0 ? String(differences.length) : disk === null ? "not compared" : "none"],
    ...differences.map(
      ({ kind, operation_id, detail }) => ["", [kind, operation_id, detail].filter(Boolean).join(": ")] as const,
    ),
  ];
  const head = lines.map(([name, value]) => `${name.padEnd(13)}${value}`).join("\n");
  if (operations.length === 0) return head;
  const more = open - operations.length;
  const rest = more > 0 ? `\n… and ${more} younger ones` : "";
  return `${head}\n\n${drawTable(OPERATION_COLUMNS, operations, drawing)}${rest}`;
}

function commitText(commit: InspectionItem["commit"], nowMs: number): string {
  const { in_flight_rows: rows, in_flight_since: since, intents_waiting: intents, outcomes_waiting: outcomes } = commit;
  const flight = rows === null ? "nothing in flight" : `${rows} rows in flight for ${ageText(since, nowMs)}`;
  const health = commit.healthy ? "" : "; the database refuses";
  return `${flight}; ${intents} intents and ${outcomes} outcomes wait; acknowledged ${ageText(commit.acknowledged_at, nowMs)} ago${health}`;
}

const diskText = (disk: InspectionItem["disk"]): string =>
  disk === null ? "-" : `epoch ${disk.epoch}, ${disk.open_operations} open operations, last seq ${disk.last_seq}`;
