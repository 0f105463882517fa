import { expect } from "chai";
import fc from "fast-check";
import { type EndpointId, type MerchantId, mintId, type PaymentId } from "../actors/domain/index.ts";
import type { ReadQuery, ShardReply, ShardRequest } from "../actors/index.ts";
import { packReplies, packRequests, unpackReplies, unpackRequests } from "./thread-batch.ts";

const merchantId: MerchantId = mintId("mer", 0, 0, new Uint8Array(8));
const paymentId: PaymentId = mintId("pay", 0, 0, new Uint8Array(8));
const endpointId: EndpointId = mintId("whe", 0, 0, new Uint8Array(8));
const bytes = fc.uint8Array({ maxLength: 300 });
const ticket = fc.maxSafeNat();

const time = fc.double({ min: 0, max: 1e12, noNaN: true });
const asked = {
  ticket,
  requestId: fc.string(),
  merchantId: fc.constant(merchantId),
  receivedAtMs: time,
  rate: fc.constant(null),
};
const keyed = { ...asked, idempotencyKey: fc.string({ minLength: 1 }), body: bytes, handedOverAtMs: time };
const query: fc.Arbitrary<ReadQuery> = fc.oneof(
  fc.constant({ name: "balances" as const }),
  fc.record({
    name: fc.constant("events" as const),
    page: fc.record({
      limit: fc.integer({ min: 1, max: 100 }),
      after: fc.option(fc.record({ recordedAtMs: fc.nat(), seq: fc.bigInt({ min: 0n, max: 2n ** 63n }) })),
    }),
  }),
);
const request: fc.Arbitrary<ShardRequest> = fc.oneof(
  fc.record({ ...keyed, kind: fc.constant("createPayment" as const) }),
  fc.record({
    ...keyed,
    kind: fc.constantFrom("capture" as const, "cancel" as const, "refund" as const),
    paymentId: fc.constant(paymentId),
  }),
  fc.record({ ...asked, kind: fc.constant("getPayment" as const), paymentId: fc.constant(paymentId) }),
  fc.record({ ...asked, kind: fc.constant("read" as const), query }),
  fc.record({ ...asked, kind: fc.constant("count" as const) }),
  fc.record({ ...keyed, kind: fc.constant("createEndpoint" as const) }),
  fc.record({
    ...keyed,
    kind: fc.constantFrom("rotateEndpointSecret" as const, "resendEvent" as const),
    endpointId: fc.constant(endpointId),
  }),
  fc.record({ ...asked, kind: fc.constant("deleteEndpoint" as const), endpointId: fc.constant(endpointId) }),
);
const reply: fc.Arbitrary<ShardReply> = fc.record({
  ticket,
  status: fc.integer({ min: 200, max: 599 }),
  body: bytes,
  problem: fc.boolean(),
  code: fc.constantFrom(null, "overloaded" as const),
  replayed: fc.boolean(),
  retryAfterS: fc.option(fc.nat(100)),
  location: fc.option(fc.string()),
  gatewayMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
  final: fc.boolean(),
  rate: fc.option(fc.record({ limit: fc.nat(100_000), remaining: fc.nat(100_000), resetMs: fc.nat(1_000) })),
});
/** Bodies may come back as another kind of byte array. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, v: unknown) =>
      v instanceof Uint8Array ? [...v] : typeof v === "bigint" ? `${v}n` : v === 0 ? 0 : v,
    ),
  );

describe("batches between threads", () => {
  it("carry requests unchanged and in order, by shard", () =>
    fc.assert(
      fc.property(fc.array(fc.record({ shard: fc.nat(3), request })), (items) => {
        const byShard = unpackRequests(packRequests(items));
        for (const shard of [0, 1, 2, 3]) {
          const sent = items.filter((item) => item.shard === shard).map((item) => item.request);
          expect(plain(byShard.get(shard) ?? [])).to.deep.equal(plain(sent));
        }
      }),
    ));

  it("carry replies unchanged and in order", () =>
    fc.assert(
      fc.property(fc.array(reply), (replies) => {
        expect(plain(unpackReplies(packReplies(replies)))).to.deep.equal(plain(replies));
      }),
    ));
});
