import { expect } from "chai";
import fc from "fast-check";
import { afterTry, isOver, ladderBeganAtMs, placeBefore, resent } from "./delivery-rows.ts";
import { bytesOfId, type EndpointId, type EventId, idFromBytes, type MerchantId, mintId } from "./domain/index.ts";
import type { Delivery, Dispatched } from "./ports/outbox.ts";
import { LADDER_MS } from "./webhooks/index.ts";

const BEGAN_MS = 1_750_000_000_000;
const HOUR_MS = 3_600_000;
const delivery = (more: Partial<Delivery> = {}): Delivery => ({
  eventId: "evt_1" as EventId,
  endpointId: "whe_1" as EndpointId,
  merchantId: "mer_1" as MerchantId,
  slot: 0,
  state: "waiting",
  attempts: 0,
  nextAttemptAtMs: BEGAN_MS,
  lastStatus: null,
  lastFailure: null,
  lastAttemptAtMs: null,
  createdAtMs: BEGAN_MS,
  ...more,
});
const answered = (status: number): Dispatched["outcome"] => ({ kind: "answered", status, retryAfterMs: null });

describe("rows of deliveries", () => {
  const atMs = BEGAN_MS + 1_000;
  const retried = { state: "waiting" as const, attempts: 3, lastAttemptAtMs: atMs };
  const cases: ReadonlyArray<readonly [string, Dispatched["outcome"], Partial<Delivery>]> = [
    [
      "204",
      answered(204),
      { state: "delivered", attempts: 3, nextAttemptAtMs: null, lastStatus: 204, lastFailure: null },
    ],
    ["503", answered(503), { ...retried, lastStatus: 503, lastFailure: "status_503" }],
    ["a redirect", answered(302), { ...retried, lastStatus: 302, lastFailure: "status_302" }],
    [
      "410",
      answered(410),
      { state: "given_up", attempts: 3, nextAttemptAtMs: null, lastStatus: 410, lastFailure: "gone" },
    ],
    ["a time-out", { kind: "failed", reason: "timeout" }, { ...retried, lastStatus: null, lastFailure: "timeout" }],
    [
      "an inner address",
      { kind: "refused", reason: "address_not_allowed" },
      { ...retried, lastStatus: null, lastFailure: "address_not_allowed" },
    ],
  ];
  for (const [name, outcome, expected] of cases)
    it(`after ${name}`, () => {
      const before = delivery({ attempts: 2, lastAttemptAtMs: BEGAN_MS, lastStatus: 500, lastFailure: "status_500" });
      const { delivery: after } = afterTry(before, outcome, atMs, 0.5);
      expect(after).to.deep.include(expected);
      if (after.state === "waiting") expect((after.nextAttemptAtMs ?? 0) - atMs).to.equal(120_000);
    });

  const began: ReadonlyArray<readonly [string, Partial<Delivery>, number]> = [
    ["of a new event", {}, 0],
    ["on the ladder", { attempts: 7, lastAttemptAtMs: BEGAN_MS + 10 * HOUR_MS }, 0],
    ["sent by hand and not tried yet", { attempts: 0, nextAttemptAtMs: BEGAN_MS + 200 * HOUR_MS }, 200 * HOUR_MS],
    ["sent by hand, tried once", { attempts: 1, lastAttemptAtMs: BEGAN_MS + 200 * HOUR_MS }, 200 * HOUR_MS],
    ["sent by hand, tried thrice", { attempts: 3, lastAttemptAtMs: BEGAN_MS + 200 * HOUR_MS + 35_000 }, 200 * HOUR_MS],
    ["sent by hand within its hours", { attempts: 1, lastAttemptAtMs: BEGAN_MS + 60 * HOUR_MS }, 0],
  ];
  for (const [name, more, expectedMs] of began)
    it(`the 72 hours of one ${name}`, () => {
      expect(ladderBeganAtMs(delivery(more)) - BEGAN_MS).to.equal(expectedMs);
      expect(isOver(delivery(more), BEGAN_MS + expectedMs + LADDER_MS - 1)).to.equal(false);
      expect(isOver(delivery(more), BEGAN_MS + expectedMs + LADDER_MS)).to.equal(true);
    });

  it("begins anew by hand", () => {
    const lost = delivery({ state: "given_up", attempts: 18, nextAttemptAtMs: null, lastStatus: 500 });
    expect(resent(lost, atMs)).to.include({ state: "waiting", attempts: 0, nextAttemptAtMs: atMs, lastStatus: 500 });
  });

  it("finds an event's place: right behind it stands nothing else, before it everything newer", () => {
    const id = fc.uint8Array({ minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(id, fc.integer({ min: 0, max: 4_095 }), fc.boolean(), (random, slot, full) => {
        const eventId: EventId = mintId("evt", slot, BEGAN_MS, full ? new Uint8Array(8).fill(255) : random);
        const { createdAtMs, eventId: before } = placeBefore(eventId);
        expect(createdAtMs).to.equal(BEGAN_MS);
        expect(before > eventId).to.equal(true);
        const number = (of: EventId): bigint => BigInt(`0x${Buffer.from(bytesOfId(of)).toString("hex")}`);
        expect(number(before) - number(eventId)).to.equal(1n);
        expect(idFromBytes("evt", bytesOfId(before))).to.equal(before);
      }),
    );
  });
});
