/**
 * Notifications of a run: payments at Adyen that are made before it, what Adyen tells of each, and afterwards whether the
 * inbox holds exactly what was acknowledged. The gateways' own notifications are muted: ours are sent in their place.
 */
import { readFileSync } from "node:fs";
import type { ChargeLine } from "../sandbox/gateways/charge-log.ts";
import { ApiClient, forEachNumber, setMode } from "./api-client.ts";
import { withDatabase } from "./databases.ts";
import { DRAIN_MS, OUTCOME } from "./load-terms.ts";
import type { PreparedLoad } from "./load-terms.ts";
import { isCapturedLater, itemOf, paymentsFor, requestOf } from "./notice-traffic.ts";
import { connectionsFor, makeSchedule } from "./schedule.ts";
import type { NoticePlace, Target } from "./target.ts";
import { keyOf, PREPARED_FROM } from "./traffic.ts";
import { NOTICES_P99_LIMIT_MS } from "./verdict.ts";

export interface NoticeWish {
  /** A second. */
  readonly rate: number;
  readonly warmupS: number;
  readonly measureS: number;
  /** Of the run that they belong to: the prepared payments have its keys. */
  readonly run: string;
}

/** Rows of the inbox by state and verdict, discrepancies among them. */
export type InboxCounts = ReadonlyMap<string, number>;

export interface PreparedNotices {
  readonly load: PreparedLoad;
  /** Requests that made what they tell of. */
  readonly prepared: number;
  readonly before: InboxCounts;
}

const AT_ONCE = 64;
const CONNECTIONS_MAX = 1_000;
const SETTLE_LIMIT_MS = DRAIN_MS;
const SETTLE_STEP_MS = 250;

/** Makes the payments and writes the notifications. Throws when one cannot be made. */
export async function prepareNotices(target: Target, place: NoticePlace, wish: NoticeWish): Promise<PreparedNotices> {
  const { rate, run } = wish;
  const { total } = makeSchedule(wish);
  for (const gateway of ["stripe", "adyen"]) await setMode(place.controlUrl, { gateway, mute: true });
  const paymentIds = await makePayments(target, total, run);
  const requests: Uint8Array[] = [];
  for (const line of readFileSync(place.chargeLog, "utf8").split("\n")) {
    const effect = line === "" ? undefined : (JSON.parse(line) as ChargeLine);
    const item = effect !== undefined && paymentIds.has(effect.payment_id) ? itemOf(effect) : undefined;
    if (item !== undefined) requests.push(requestOf(item, place));
  }
  if (requests.length !== total) throw new Error(`${requests.length} effects to tell of at Adyen, not ${total}`);
  const connections = connectionsFor(rate, NOTICES_P99_LIMIT_MS, CONNECTIONS_MAX);
  return {
    load: { rate, connections, requests, rightStatus: 200 },
    prepared: total,
    before: await countInbox(target.shardDsns),
  };
}

async function makePayments(target: Target, notices: number, run: string): Promise<ReadonlySet<string>> {
  const { payments, captures } = paymentsFor(notices);
  const tokens = await target.tokens();
  const client = new ApiClient(target.apiUrl, AT_ONCE);
  const ids = new Set<string>();
  try {
    await forEachNumber(payments, AT_ONCE, async (i) => {
      const token = tokens[i % tokens.length] as string;
      const isLater = isCapturedLater(i, captures);
      const body = { ...BODY, capture_method: isLater ? "manual" : "automatic" };
      const made = await client.postUntil(201, "/v1/payments", token, keyOf(run, PREPARED_FROM + i), body);
      const id = String(made.body["id"]);
      ids.add(id);
      const key = keyOf(run, PREPARED_FROM + payments + (i - 1) / 2);
      if (isLater) await client.postUntil(202, `/v1/payments/${id}/capture`, token, key, {}); // Adyen tells its end later
    });
  } finally {
    await client.close();
  }
  return ids;
}
const BODY = { amount: 2_500, currency: "EUR", payment_method: "tok_visa", gateway: "adyen" } as const;

const COUNTS = `SELECT state || ', ' || verdict AS what, count(*)::int AS n FROM gateway_event GROUP BY state, verdict
 UNION ALL SELECT 'discrepancy ' || class, count(*)::int FROM discrepancy GROUP BY class`;

async function countInbox(dsns: readonly string[]): Promise<InboxCounts> {
  const counts = new Map<string, number>();
  for (const dsn of dsns) {
    const { rows } = await withDatabase(dsn, (client) => client.query<{ what: string; n: number }>(COUNTS));
    for (const { what, n } of rows) counts.set(what, (counts.get(what) ?? 0) + n);
  }
  return counts;
}

/** What is wrong with the inbox after a run that had these `outcomes`. Waits a while for what is still to be decided. */
export async function auditNotices(
  dsns: readonly string[],
  before: InboxCounts,
  outcomes: Uint8Array,
): Promise<readonly string[]> {
  const limitMs = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const faults = noticeFaults(before, await countInbox(dsns), outcomes);
    if (faults.length === 0 || performance.now() >= limitMs) return faults;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_STEP_MS));
  }
}

/** A fact was written, or the books said so already. */
const DECIDED: readonly string[] = ["processed, applied", "processed, no_change"];

/** Each notice that was acknowledged has one row, and is decided; nobody else has any. */
export function noticeFaults(before: InboxCounts, after: InboxCounts, outcomes: Uint8Array): readonly string[] {
  const accepted = outcomes.filter((outcome) => outcome === OUTCOME.accepted).length;
  const sent = outcomes.filter((outcome) => outcome !== OUTCOME.none).length;
  const added = [...after].map(([what, n]) => [what, n - (before.get(what) ?? 0)] as const).filter(([, n]) => n !== 0);
  const isRow = (what: string): boolean => !what.startsWith("discrepancy");
  const rows = added.filter(([what]) => isRow(what)).reduce((sum, [, n]) => sum + n, 0);
  return [
    ...(rows < accepted || rows > sent ? [`${accepted} of ${sent} notices acknowledged, ${rows} in the inbox`] : []),
    ...added.filter(([what]) => !DECIDED.includes(what)).map(([what, n]) => `${n} notices: ${what}`),
  ];
}
