import { expect } from "chai";
import { idFromBytes } from "../actors/domain/index.ts";
import type { PaymentRow } from "./read-model.ts";
import { paymentOf } from "./read-model.ts";
import { readAll, readEachPayment } from "./readable-payments.ts";
import { KeptLog } from "./test/fixtures.ts";

const uuid = (last: number): Buffer => Buffer.from([...Buffer.alloc(6), 0x70, 0, 0x80, ...Buffer.alloc(6), last]);
const rowOf = (last: number, more: Partial<PaymentRow> = {}): PaymentRow => ({
  id: uuid(last),
  merchant_id: uuid(100),
  slot: 1,
  amount: 100n,
  currency: "EUR",
  capture_method: 0,
  gateway: 0,
  gateway_account: "acct",
  merchant_reference: null,
  description: null,
  metadata: "{}",
  created_ms: 1,
  to_status: 0,
  version: 1,
  authorized: 0n,
  captured: 0n,
  refunded: 0n,
  refunding: 0n,
  disputed: 0n,
  gateway_reference: null,
  data: null,
  submitted_data: null,
  reference_data: null,
  hash: Buffer.alloc(32),
  updated_ms: 1,
  operation_id: uuid(last + 50),
  operation_kind: 0,
  operation_state: 0,
  operation_amount: 100n,
  gateway_key: "00000000-0000-0000-0000-000000000000",
  attempt: 1,
  deadline_ms: 2,
  ...more,
});

describe("stored payments that this release cannot read", () => {
  const cases: readonly (readonly [what: string, more: Partial<PaymentRow>])[] = [
    ["a gateway of a newer release", { gateway: 99 }],
    ["a status of a newer release", { to_status: 99 }],
    ["an operation kind of a newer release", { operation_kind: 99 }],
    ["a text that is not JSON", { data: "v2:4111111111111111" }],
  ];
  for (const [what, more] of cases)
    it(`names ${what}, never its text, and leaves its place empty or refuses all`, () => {
      const log = new KeptLog();
      const rows = [rowOf(1), rowOf(2, more), rowOf(3, more)];
      const [one, ...others] = readEachPayment(rows, log);
      expect([one?.terms.id, others]).to.deep.equal([idFromBytes("pay", uuid(1)), [null, null]]);
      const named = log.errors.splice(0);
      expect(() => readAll(rows, paymentOf, "INVARIANT_BROKEN", log))
        .to.throw()
        .with.property("code", "INVARIANT_BROKEN");
      expect(log.errors).to.deep.equal(named);
      expect(log.errors.map(({ payment, operation }) => [payment, operation])).to.deep.equal([
        [idFromBytes("pay", uuid(2)), idFromBytes("op", uuid(52))],
        [idFromBytes("pay", uuid(3)), idFromBytes("op", uuid(53))],
      ]);
      expect(JSON.stringify(log.errors)).not.to.include("4111");
    });

  it("are none among rows of our own", () => {
    const log = new KeptLog();
    const payments = readAll([rowOf(2), rowOf(1)], paymentOf, "STORAGE_UNAVAILABLE", log);
    expect(payments.map(({ terms }) => terms.id)).to.deep.equal([2, 1].map((last) => idFromBytes("pay", uuid(last))));
    expect(log.errors).to.deep.equal([]);
  });
});
