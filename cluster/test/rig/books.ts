/** Our books beside the gateways' own log (faults.md I1-I3, I9, I19, I20): operation by operation, then sum by sum. */
import { expect } from "chai";
import { idFromBytes, type IdPrefix } from "../../../actors/domain/index.ts";
import { type Charge, minorOf, readCharges } from "./charge-log.ts";
import type { Cluster } from "./cluster.ts";

interface Row {
  readonly id: string;
  readonly payment_id: string;
  readonly merchant_id: string;
  readonly kind: Charge["kind"];
  readonly state: "submitted" | "unknown" | "succeeded" | "failed";
  readonly amount: string;
  readonly gateway_key: string;
  readonly gateway: "stripe" | "adyen";
  readonly gateway_account: string;
  readonly currency: string;
  readonly payment_amount: string;
}

interface Booked {
  readonly row: Row;
  readonly charges: readonly Charge[];
}

const OPERATIONS = `
  SELECT o.id, o.payment_id, o.merchant_id, o.kind, o.state, o.amount, o.gateway_key, p.gateway, p.gateway_account,
         p.currency, p.amount AS payment_amount
    FROM operation o JOIN payment_current p ON p.id = o.payment_id WHERE p.gateway <> 'fixed-latency'`;
const RECEIVABLES = `
  SELECT merchant_id, gateway, currency, layer, balance FROM ledger_balance
   WHERE account = 'gateway_receivable' AND gateway <> 'fixed-latency'`;

const idOf = (prefix: IdPrefix, uuid: string): string =>
  idFromBytes(prefix, Buffer.from(uuid.replaceAll("-", ""), "hex"));
const isOpen = ({ row }: Booked): boolean => row.state === "submitted" || row.state === "unknown";

/**
 * Each line of the charge log joins exactly one operation of ours with equal payment, account, currency and amount, and
 * each ended operation has the lines that its end claims; then the sums of ledger and charge log are equal per merchant,
 * gateway and currency, to the minor unit. Operations at Adyen that are still open are left out of the sums. Returns
 * their numbers, as `capture 3`.
 */
export async function expectBooksMatchCharges(cluster: Cluster): Promise<readonly string[]> {
  const rows = await cluster.query<Row>(OPERATIONS);
  const byKey = Map.groupBy(readCharges(cluster.info), ({ key }) => key.slice(0, 36)); // what follows names a step of it
  const booked = rows.map((row) => ({ row, charges: byKey.get(row.gateway_key) ?? [] }));
  for (const one of booked) {
    for (const charge of one.charges) expectSameTerms(one.row, charge);
    expectClaimedCharges(one);
  }
  const known = new Set(rows.map(({ gateway_key }) => gateway_key));
  const strange = [...byKey].filter(([key]) => !known.has(key)).flatMap(([, charges]) => charges);
  expect(strange, "charges that no operation of ours explains").to.deep.equal([]);
  expectVoids(booked);
  await expectSums(cluster, booked);
  const apart = Map.groupBy(booked.filter(isOpen), ({ row }) => row.kind);
  return [...apart].map(([kind, ones]) => `${kind} ${ones.length}`).sort();
}

function expectSameTerms(row: Row, charge: Charge): void {
  const isVoid = charge.kind === "void"; // it releases all that the payment holds, whoever asked for how much
  expect(
    [charge.gateway, charge.account, charge.currency, charge.payment_id, minorOf(charge)],
    `a ${charge.kind} of ${row.id}`,
  ).to.deep.equal([
    row.gateway,
    row.gateway_account,
    row.currency,
    idOf("pay", row.payment_id),
    BigInt(isVoid ? row.payment_amount : row.amount),
  ]);
  // Stripe's log names the first operation of what is canceled.
  if (!isVoid) expect(charge.operation_id, `${charge.kind} ${charge.key}`).to.equal(idOf("op", row.id));
}

/** Lines by kind, as the state of their operation says. A void beside an authorize gave a doubtful one up. */
function expectClaimedCharges({ row, charges }: Booked): void {
  const kinds = charges.map(({ kind }) => kind).sort();
  const mayBe = ALLOWED[row.state](row).map((allowed) => allowed.join());
  expect(mayBe, `${row.kind} ${row.id} of ${row.payment_id} at ${row.gateway} is ${row.state}`).to.include(
    kinds.join(),
  );
}

type Kinds = readonly Charge["kind"][];
const ALLOWED: { readonly [S in Row["state"]]: (row: Row) => readonly Kinds[] } = {
  // Nothing is left to void when the payment ended without a charge; `expectVoids` looks at the rest.
  succeeded: ({ kind }) => (kind === "void" ? [[], ["void"]] : [[kind]]),
  failed: ({ kind }) => (kind === "authorize" ? [[], ["authorize", "void"]] : [[]]),
  submitted: ({ kind }) => [[], [kind], ...(kind === "authorize" ? [["authorize", "void"] as const] : [])],
  unknown: (row) => ALLOWED.submitted(row),
};

/** A hold ends once: by its capture, or by one void. */
function expectVoids(booked: readonly Booked[]): void {
  for (const [payment, ones] of Map.groupBy(booked, ({ row }) => row.payment_id)) {
    const ends = ones.flatMap(({ charges }) => charges).filter(({ kind }) => kind === "capture" || kind === "void");
    expect(ends.length, `ends of the hold of ${payment}`).to.be.lessThan(2);
    const isVoided = ones.some(({ row }) => row.kind === "void" && row.state === "succeeded");
    const isHeld = ones.some(({ row }) => row.kind === "authorize" && row.state === "succeeded");
    if (isVoided && isHeld && ones.every(({ row }) => row.kind !== "capture" || row.state !== "succeeded"))
      expect(
        ends.map(({ kind }) => kind),
        `the void of ${payment}`,
      ).to.deep.equal(["void"]);
  }
}

/** Σ ledger = Σ charge log: what was captured and not refunded, and what is held. */
async function expectSums(cluster: Cluster, booked: readonly Booked[]): Promise<void> {
  const sums = new Map<string, bigint>();
  const add = (name: string, minor: bigint): void => void sums.set(name, (sums.get(name) ?? 0n) + minor);
  for (const ones of Map.groupBy(booked, ({ row }) => row.payment_id).values()) {
    const charges = ones.filter((one) => !isOpen(one)).flatMap(({ charges: own }) => own);
    const isReleased = charges.some(({ kind }) => kind === "capture" || kind === "void");
    for (const charge of charges) {
      const { merchant_id, gateway, currency } = (ones[0] as Booked).row;
      const name = `${merchant_id} ${gateway} ${currency}`;
      const minor = minorOf(charge);
      if (charge.kind === "authorize" && !isReleased) add(`${name} pending`, minor);
      if (charge.kind === "sale" || charge.kind === "capture") add(`${name} posted`, minor);
      if (charge.kind === "refund") add(`${name} posted`, -minor);
    }
  }
  const ledger =
    await cluster.query<Record<"merchant_id" | "gateway" | "currency" | "layer" | "balance", string>>(RECEIVABLES);
  const ours = ledger.map((row): readonly [string, bigint] => [
    `${row.merchant_id} ${row.gateway} ${row.currency} ${row.layer}`,
    BigInt(row.balance),
  ]);
  const written = (entries: Iterable<readonly [string, bigint]>): readonly string[] =>
    [...entries]
      .filter(([, minor]) => minor !== 0n)
      .map(([name, minor]) => `${name} ${minor}`)
      .sort();
  expect(written(ours), "Σ ledger = Σ charge log").to.deep.equal(written(sums));
}
