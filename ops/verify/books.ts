/** Our books beside the gateways' own logs (faults.md I1-I3, I9, I20): operation by operation, then sum by sum. */
import {
  type GatewayName,
  idFromBytes,
  type IdPrefix,
  type OperationState,
  type PaymentStatus,
} from "../../actors/domain/index.ts";
import type { BookedBalance, BookedOperation, InvariantVerdict } from "../../storage/index.ts";
import { type Charge, type ChargeKind, disputedMinor, heldMinor, HOLD_ENDS, minorOf, takenMinor } from "./charges.ts";
import { Tally } from "./tally.ts";

export interface Books {
  readonly operations: readonly BookedOperation[];
  readonly balances: readonly BookedBalance[];
  /** What the logs said before and after the books were read: they may have gone on meanwhile. */
  readonly chargesBefore: readonly Charge[];
  readonly chargesAfter: readonly Charge[];
}

export const BOOK_INVARIANTS = [
  "I1 an operation has not the charges that its end claims",
  "I2 a charge differs from its operation",
  "I3 a charge belongs to no operation of ours",
  "I9 the sums of the ledger are not those of the charge logs",
  "I20 a hold has not the end that its payment says",
  "I20 what is disputed at the gateway is not what the payment says",
] as const;
export type BookInvariant = (typeof BOOK_INVARIANTS)[number];
type Found = Tally<BookInvariant>;

interface Booked {
  readonly row: BookedOperation;
  readonly charges: readonly Charge[];
}

/** A key is our operation's, and what follows names a step of it. */
const operationKey = ({ key }: Charge): string => key.slice(0, 36);
/** Of the benchmark: it charges nobody and keeps no log. */
const isLogged = ({ gateway }: { readonly gateway: GatewayName }): boolean => gateway !== "fixed-latency";
const isOpen = ({ row }: Booked): boolean => row.state === "submitted" || row.state === "unknown";
const nameOf = (prefix: IdPrefix, uuid: string): string =>
  idFromBytes(prefix, Buffer.from(uuid.replaceAll("-", ""), "hex"));
const titleOf = (row: BookedOperation): string =>
  `${nameOf("pay", row.payment_id)} ${row.kind} ${nameOf("op", row.id)} at ${row.gateway} is ${row.state}`;

/**
 * Each line of the logs joins exactly one operation of ours with equal payment, account, currency and amount; each ended
 * operation has the lines that its end claims; the sums agree per merchant, gateway and currency, to the minor unit.
 * Operations that are still open are left out of the sums. `silent`: gateways whose notifications reach nobody.
 */
export function compareBooks(books: Books, silent: readonly GatewayName[]): readonly InvariantVerdict[] {
  const found: Found = new Tally(BOOK_INVARIANTS);
  const rows = books.operations.filter(isLogged);
  const byKey = Map.groupBy(books.chargesAfter, operationKey);
  const booked = rows.map((row): Booked => ({ row, charges: byKey.get(row.gateway_key) ?? [] }));
  for (const one of booked) {
    compareTerms(one, found);
    compareClaims(one, found);
  }
  const known = new Set(rows.map(({ gateway_key }) => gateway_key));
  for (const charge of books.chargesBefore)
    if (!known.has(operationKey(charge)))
      found.add("I3 a charge belongs to no operation of ours", `${charge.kind} ${charge.key} of ${charge.payment_id}`);
  const byPayment = [...Map.groupBy(booked, ({ row }) => row.payment_id).values()];
  for (const ones of byPayment) {
    compareHold(ones, found);
    if (ones.every(({ row }) => !silent.includes(row.gateway))) compareDispute(ones, found);
  }
  compareSums(byPayment, books.balances.filter(isLogged), found);
  return found.verdicts();
}

/** Which amount of ours a line must bear; a dispute's is the issuer's own. */
const AMOUNT_OF: { readonly [K in ChargeKind]: "operation" | "payment" | "any" } = {
  authorize: "operation",
  sale: "operation",
  capture: "operation",
  refund: "operation",
  capture_failed: "operation",
  refund_failed: "operation",
  void: "payment", // it releases all that the payment holds, whoever asked for how much
  expire: "payment",
  dispute: "any",
  dispute_won: "any",
};

function compareTerms({ row, charges }: Booked, found: Found): void {
  if (row.in_review && (row.state === "submitted" || row.state === "unknown")) return; // people know that it differs
  for (const charge of charges) {
    const which = AMOUNT_OF[charge.kind];
    const minor = which === "any" ? null : which === "payment" ? row.payment_amount : row.amount;
    const ours = [row.gateway, row.gateway_account, row.currency, nameOf("pay", row.payment_id), minor];
    const { gateway, account, currency, payment_id } = charge;
    const theirs = [gateway, account, currency, payment_id, minor === null ? null : String(minorOf(charge))];
    // Stripe's log names the first operation of what is canceled.
    const isOther = charge.kind !== "void" && charge.operation_id !== nameOf("op", row.id);
    if (isOther || ours.join() !== theirs.join())
      found.add("I2 a charge differs from its operation", `${charge.kind} of ${titleOf(row)}: ${theirs.join(" ")}`);
  }
}

type Kinds = readonly ChargeKind[];
/** What may have been done in the name of an operation, as its state says. A void beside an authorize gave a doubtful one up. */
const ALLOWED: { readonly [S in OperationState]: (row: BookedOperation) => readonly Kinds[] } = {
  // Nothing is left to void when the payment ended without a charge; how a hold ends is looked at by itself.
  succeeded: ({ kind }) => [[kind], ...(kind === "void" ? [[]] : []), ...(kind === "authorize" ? RELEASED : [])],
  failed: ({ kind }) => [[], ...(GIVEN_UP[kind] ?? [])],
  submitted: ({ kind }) => [[], [kind], ...(GIVEN_UP[kind] ?? [])],
  unknown: (row) => ALLOWED.submitted(row),
};
const RELEASED: readonly Kinds[] = [
  ["authorize", "void"],
  ["authorize", "expire"],
];
/** What took place and came undone. */
const GIVEN_UP: { readonly [K in BookedOperation["kind"]]?: readonly Kinds[] } = {
  authorize: RELEASED,
  sale: [["capture_failed", "sale"]],
  capture: [["capture", "capture_failed"]],
  refund: [["refund", "refund_failed"]],
};

function compareClaims({ row, charges }: Booked, found: Found): void {
  const kinds = charges.map(({ kind }) => kind).filter((kind) => kind !== "dispute" && kind !== "dispute_won");
  if (!ALLOWED[row.state](row).some((allowed) => allowed.join() === kinds.toSorted().join()))
    found.add("I1 an operation has not the charges that its end claims", `${titleOf(row)}: ${kinds.join() || "none"}`);
}

/** How a hold without a capture has ended. */
const HOLD_END: { readonly [S in PaymentStatus]?: readonly string[] } = {
  authorized: [""],
  canceled: ["void", "expire"],
  expired: ["expire"],
};

/** A hold ends once: by its capture, by one void, or by itself. */
function compareHold(ones: readonly Booked[], found: Found): void {
  const { row } = ones[0] as Booked; // groups are not empty
  const ends = ones.flatMap(({ charges }) => charges.map(({ kind }) => kind)).filter((kind) => HOLD_ENDS.has(kind));
  const has = (kind: string, state: OperationState): boolean =>
    ones.some((one) => one.row.kind === kind && one.row.state === state);
  const isHeld = has("authorize", "succeeded") && !has("capture", "succeeded");
  const must = isHeld && ones.every((one) => !isOpen(one)) ? HOLD_END[row.payment_status] : undefined;
  if (ends.length > 1 || (must !== undefined && !must.includes(ends.join())))
    found.add(
      "I20 a hold has not the end that its payment says",
      `${nameOf("pay", row.payment_id)} is ${row.payment_status}: ${ends.join() || "none"}`,
    );
}

function compareDispute(ones: readonly Booked[], found: Found): void {
  const { row } = ones[0] as Booked;
  const theirs = disputedMinor(ones.flatMap(({ charges }) => charges));
  if (theirs !== BigInt(row.payment_disputed))
    found.add(
      "I20 what is disputed at the gateway is not what the payment says",
      `${nameOf("pay", row.payment_id)} ${row.payment_disputed} not ${theirs}`,
    );
}

/** Σ ledger = Σ charge log: what was captured and not given back, and what is held. */
function compareSums(
  byPayment: readonly (readonly Booked[])[],
  balances: readonly BookedBalance[],
  found: Found,
): void {
  const sums = new Map<string, { ours: bigint; theirs: bigint }>();
  const sumOf = (row: Pick<BookedBalance, "merchant_id" | "gateway" | "currency">, layer: string) => {
    const name = `${nameOf("mer", row.merchant_id)} ${row.gateway} ${row.currency} ${layer}`;
    const sum = sums.get(name) ?? { ours: 0n, theirs: 0n };
    sums.set(name, sum);
    return sum;
  };
  for (const ones of byPayment) {
    const { row } = ones[0] as Booked;
    const charges = ones.filter((one) => !isOpen(one)).flatMap((one) => one.charges);
    sumOf(row, "posted").theirs += takenMinor(charges);
    sumOf(row, "pending").theirs += heldMinor(charges);
  }
  for (const row of balances)
    if (row.account === "gateway_receivable") sumOf(row, row.layer).ours += BigInt(row.balance);
  for (const [name, { ours, theirs }] of sums)
    if (ours !== theirs)
      found.add(
        "I9 the sums of the ledger are not those of the charge logs",
        `${name}: ${ours}, the gateway ${theirs}`,
      );
}
