/** Books and charge logs side by side: each way in which they may stand, and what is said of it. */
import { expect } from "chai";
import { idFromBytes } from "../../actors/domain/index.ts";
import type { BookedBalance, BookedOperation } from "../../storage/index.ts";
import { compareBooks } from "./books.ts";
import type { Charge, ChargeKind } from "./charges.ts";

const uuid = (digit: string): string =>
  `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`;
const bytes = (of: string): Buffer => Buffer.from(of.replaceAll("-", ""), "hex");
const PAYMENT = uuid("a");
const MERCHANT = uuid("b");

/** `id`: one hexadecimal digit. */
const operation = (
  id: string,
  kind: BookedOperation["kind"],
  more: Partial<BookedOperation> = {},
): BookedOperation => ({
  id: uuid(id),
  payment_id: PAYMENT,
  merchant_id: MERCHANT,
  kind,
  state: "succeeded",
  amount: "1000",
  gateway_key: uuid(id),
  gateway: "stripe",
  gateway_account: "acct",
  currency: "EUR",
  payment_amount: "1000",
  payment_status: "captured",
  payment_disputed: "0",
  in_review: false,
  ...more,
});
const charge = (id: string, kind: ChargeKind, amount = 1_000, more: Partial<Charge> = {}): Charge => ({
  at: "2026-11-23T00:00:00Z",
  gateway: "stripe",
  account: "acct",
  key: uuid(id),
  operation_id: idFromBytes("op", bytes(uuid(id))),
  payment_id: idFromBytes("pay", bytes(PAYMENT)),
  kind,
  amount,
  currency: "EUR",
  outcome: "succeeded",
  gateway_reference: "pi_1",
  ...more,
});
const late = (id: string, kind: ChargeKind, suffix: string, amount = 1_000): Charge =>
  charge(id, kind, amount, { key: `${uuid(id)}-${suffix}` });
/** What the gateway owes the merchant, and what it holds. */
const receivable = (posted: number, pending = 0): readonly BookedBalance[] =>
  (
    [
      ["posted", posted],
      ["pending", pending],
    ] as const
  ).map(([layer, balance]) => ({
    merchant_id: MERCHANT,
    account: "gateway_receivable",
    gateway: "stripe",
    currency: "EUR",
    layer,
    balance: String(balance),
  }));

type Case = readonly [
  what: string,
  operations: readonly BookedOperation[],
  charges: readonly Charge[],
  balances: readonly BookedBalance[],
  said: readonly string[],
];
const AUTHORIZED = { payment_status: "authorized" } as const;
const CANCELED = { payment_status: "canceled" } as const;
const REVERSED = { state: "failed" } as const;

const CASES: readonly Case[] = [
  ["a sale", [operation("1", "sale")], [charge("1", "sale")], receivable(1_000), []],
  ["a sale without its charge", [operation("1", "sale")], [], receivable(1_000), ["I1", "I9"]],
  [
    "a sale that was charged twice",
    [operation("1", "sale")],
    [charge("1", "sale"), charge("1", "sale")],
    receivable(1_000),
    ["I1", "I9"],
  ],
  [
    "a refused sale that was charged",
    [operation("1", "sale", { state: "failed", payment_status: "failed" })],
    [charge("1", "sale")],
    [],
    ["I1", "I9"],
  ],
  [
    "an open sale that was charged",
    [operation("1", "sale", { state: "unknown", payment_status: "pending" })],
    [charge("1", "sale")],
    [],
    [],
  ],
  ["another amount", [operation("1", "sale")], [charge("1", "sale", 999)], receivable(1_000), ["I2", "I9"]],
  [
    "another amount that people know of",
    [operation("1", "sale", { state: "unknown", payment_status: "pending", in_review: true })],
    [charge("1", "sale", 1_001)],
    [],
    [],
  ],
  ["a charge of nobody", [], [charge("1", "sale")], [], ["I3"]],
  ["a hold", [operation("1", "authorize", AUTHORIZED)], [charge("1", "authorize")], receivable(0, 1_000), []],
  [
    "a hold that the gateway released",
    [operation("1", "authorize", AUTHORIZED)],
    [charge("1", "authorize"), late("1", "expire", "expire")],
    receivable(0, 1_000),
    ["I9", "I20"],
  ],
  [
    "a hold that expired",
    [operation("1", "authorize", { payment_status: "expired" })],
    [charge("1", "authorize"), late("1", "expire", "expire")],
    [],
    [],
  ],
  [
    "a capture of a part",
    [operation("1", "authorize"), operation("2", "capture", { amount: "400" })],
    [charge("1", "authorize"), charge("2", "capture", 400)],
    receivable(400),
    [],
  ],
  [
    "a capture that failed later",
    [operation("1", "authorize"), operation("2", "capture", REVERSED)],
    [charge("1", "authorize"), charge("2", "capture"), late("2", "capture_failed", "failed")],
    [],
    [],
  ],
  [
    "a capture that failed later, which we do not know",
    [operation("1", "authorize"), operation("2", "capture")],
    [charge("1", "authorize"), charge("2", "capture"), late("2", "capture_failed", "failed")],
    receivable(1_000),
    ["I1", "I9"],
  ],
  [
    "a void",
    [operation("1", "authorize", CANCELED), operation("2", "void", CANCELED)],
    [charge("1", "authorize"), charge("2", "void")],
    [],
    [],
  ],
  [
    "a void that never was",
    [operation("1", "authorize", CANCELED), operation("2", "void", CANCELED)],
    [charge("1", "authorize")],
    [],
    ["I9", "I20"],
  ],
  [
    "a doubtful authorize that was given up",
    [operation("1", "authorize", { ...CANCELED, state: "failed" })],
    [charge("1", "authorize"), late("1", "void", "cancel-2")],
    [],
    [],
  ],
  [
    "a refund",
    [operation("1", "sale"), operation("2", "refund", { amount: "300" })],
    [charge("1", "sale"), charge("2", "refund", 300)],
    receivable(700),
    [],
  ],
  [
    "a refund that failed later",
    [operation("1", "sale"), operation("2", "refund", REVERSED)],
    [charge("1", "sale"), charge("2", "refund"), late("2", "refund_failed", "failed")],
    receivable(1_000),
    [],
  ],
  [
    "a late success that was given back",
    [operation("1", "sale", CANCELED), operation("2", "void", CANCELED), operation("3", "refund", CANCELED)],
    [late("1", "sale", "late"), charge("3", "refund")],
    [],
    [],
  ],
  [
    "a dispute",
    [operation("1", "sale", { payment_disputed: "400" })],
    [charge("1", "sale"), late("1", "dispute", "dispute", 400)],
    receivable(600),
    [],
  ],
  [
    "a dispute that was won",
    [operation("1", "sale")],
    [charge("1", "sale"), late("1", "dispute", "dispute", 400), late("1", "dispute_won", "dispute-won", 400)],
    receivable(1_000),
    [],
  ],
  [
    "a dispute that we do not know",
    [operation("1", "sale")],
    [charge("1", "sale"), late("1", "dispute", "dispute", 400)],
    receivable(1_000),
    ["I9", "I20"],
  ],
];

describe("books beside charge logs", () => {
  for (const [what, operations, charges, balances, said] of CASES)
    it(`${said.length === 0 ? "agree" : `differ in ${said.join(", ")}`}: ${what}`, () => {
      const books = { operations, balances, chargesBefore: charges, chargesAfter: charges };
      const found = compareBooks(books, []).filter((one) => one.found > 0);
      expect(found.map(({ name }) => name.split(" ")[0])).to.deep.equal(said);
      for (const { offenders } of found) expect(offenders.length).to.be.within(1, 5);
    });

  it("a line that came since the books were read is nobody's yet, and one that is missing before may come", () => {
    const [operations, charges] = [[operation("1", "sale")], [charge("1", "sale")]];
    const later = { operations: [], balances: [], chargesBefore: [], chargesAfter: charges };
    const sooner = { operations, balances: receivable(1_000), chargesBefore: [], chargesAfter: charges };
    for (const books of [later, sooner])
      expect(compareBooks(books, []).filter(({ found }) => found > 0)).to.deep.equal([]);
  });

  it("nobody hears of a dispute at a silent gateway", () => {
    const books = { operations: [operation("1", "sale")], balances: receivable(1_000) };
    const charges = [charge("1", "sale"), late("1", "dispute", "dispute", 400)];
    const found = compareBooks({ ...books, chargesBefore: charges, chargesAfter: charges }, ["stripe"]);
    expect(found.filter((one) => one.found > 0).map(({ name }) => name.split(" ")[0])).to.deep.equal(["I9"]);
  });
});
