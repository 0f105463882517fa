/** Adyen's notifications, rightly signed by its SDK, to notices: every code that we know, and everything that is odd. */
import { hash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import type { NoticeClaim } from "../ports/notices.ts";
import { ADYEN_CLAIMS, ADYEN_INFORMATIONAL } from "./adyen-claims.ts";
import { failureOf } from "./failures.ts";
import {
  adyenDelivery,
  adyenItem,
  adyenReader,
  bytes,
  NOW_MS,
  onlyNotice,
  OP,
  PAY,
  readAdyen,
  readAdyenItem,
  signAdyen,
} from "./notice-rig.ts";
import type { Json } from "./verdicts.ts";

const PSP = "PSP0000000000001";
const ORIGINAL = "PSP0000000000000";
const informational: NoticeClaim = { kind: "none", why: "informational" };
const failed = (kind: string, code: string, gatewayCode: string | null = null): NoticeClaim =>
  ({ kind, failure: failureOf(code as "canceled", gatewayCode) }) as NoticeClaim;
const disputed = (state: string | null, funds: string | null = null): NoticeClaim =>
  ({ kind: "dispute", reference: PSP, state, funds }) as NoticeClaim;

/** Row: code, claim of success "true", claim of success "false". */
const CASES: ReadonlyArray<readonly [code: string, success: NoticeClaim, refusal: NoticeClaim]> = [
  ["AUTHORISATION", { kind: "authorized" }, failed("declined", "generic_decline")],
  ["CAPTURE", { kind: "captured" }, failed("captureFailed", "capture_declined")],
  ["CAPTURE_FAILED", failed("captureReversed", "capture_declined"), informational],
  ["CANCELLATION", { kind: "voided" }, failed("voidFailed", "void_declined")],
  ["TECHNICAL_CANCEL", { kind: "voided" }, failed("voidFailed", "void_declined")],
  ["REFUND", { kind: "refunded" }, failed("refundFailed", "refund_declined")],
  ["REFUND_FAILED", failed("refundReversed", "refund_declined"), informational],
  ["REFUNDED_REVERSED", failed("refundReversed", "refund_declined"), informational],
  ["EXPIRE", { kind: "expired" }, informational],
  ["OFFER_CLOSED", failed("declined", "offer_closed"), informational],
  ["REQUEST_FOR_INFORMATION", disputed("inquiry"), informational],
  ["NOTIFICATION_OF_CHARGEBACK", disputed("needs_response"), informational],
  ["CHARGEBACK", disputed(null, "held"), informational],
  ["CHARGEBACK_REVERSED", disputed("reversed", "released"), informational],
  ["SECOND_CHARGEBACK", disputed(null, "held"), informational],
  ["PREARBITRATION_OPEN", disputed(null), informational],
  ["PREARBITRATION_ACCEPTED", disputed("accepted", "lost"), informational],
  ["PREARBITRATION_DECLINED", disputed(null), informational],
  ["PREARBITRATION_ISSUER_WITHDRAWN", disputed(null), informational],
  ["PREARBITRATION_WON", disputed("won"), informational],
  ["PREARBITRATION_LOST", disputed("lost", "lost"), informational],
  ["SCHEME_ARBITRATION", disputed("under_review"), informational],
  ["SCHEME_ARBITRATION_WON", disputed("won"), informational],
  ["SCHEME_ARBITRATION_LOST", disputed("lost", "lost"), informational],
  ["DISPUTE_DEFENSE_PERIOD_ENDED", disputed(null), informational],
  ["ISSUER_RESPONSE_TIMEFRAME_EXPIRED", disputed(null), informational],
  ["ISSUER_COMMENTS", disputed(null), informational],
  ["INFORMATION_SUPPLIED", disputed(null), informational],
];
const NOTHING = [
  "CANCEL_OR_REFUND",
  "REPORT_AVAILABLE",
  "NOTIFICATION_OF_FRAUD",
  "MANUAL_REVIEW_ACCEPT",
  "MANUAL_REVIEW_REJECT",
  "REFUND_WITH_DATA",
  "HANDLED_EXTERNALLY",
  "POSTPONED_REFUND",
  "VOID_PENDING_REFUND",
  "AUTHORISATION_ADJUSTMENT",
  "AUTHENTICATION",
  "ORDER_OPENED",
  "ORDER_CLOSED",
  "RECURRING_CONTRACT",
  "AUTORESCUE",
  "CANCEL_AUTORESCUE",
  "PAYOUT_THIRDPARTY",
  "PAYOUT_EXPIRE",
  "PAYOUT_DECLINE",
  "PAIDOUT_REVERSED",
];

describe("Adyen notices", function () {
  this.timeout(60_000); // its properties are many small hashes
  for (const [eventCode, success, refusal] of CASES)
    it(`${eventCode} -> ${JSON.stringify(success)}, else ${JSON.stringify(refusal)}`, () => {
      expect(readAdyenItem({ eventCode }).claim).to.deep.equal(success);
      expect(readAdyenItem({ eventCode, success: "false" }).claim).to.deep.equal(refusal);
    });
  for (const eventCode of NOTHING)
    it(`${eventCode} -> known, and nothing follows`, () => {
      expect(readAdyenItem({ eventCode }).claim).to.deep.equal(informational);
      expect(readAdyenItem({ eventCode, success: "false" }).claim).to.deep.equal(informational);
    });
  for (const eventCode of ["INVENTED_TOMORROW", "authorisation", "toString", "__proto__", "", undefined, 7, "x\u0000"])
    it(`${JSON.stringify(eventCode)} -> an unknown type`, () =>
      expect(readAdyenItem({ eventCode }).claim).to.deep.equal({ kind: "none", why: "unknown_type" }));
  it("have a case for every code of the tables", () => {
    expect(Object.keys(ADYEN_CLAIMS)).to.have.members(CASES.map(([code]) => code));
    expect([...ADYEN_INFORMATIONAL]).to.have.members(NOTHING);
  });

  for (const success of [true, false, "TRUE", "True", "1", "", undefined, null, 1])
    it(`success ${JSON.stringify(success)} -> unclear, under a key of its own`, () => {
      const notice = readAdyenItem({ success });
      expect(notice.claim).to.deep.equal({ kind: "unclear", why: "success" });
      // A copy with the boolean true has a right signature: it must not take the place of the true notification.
      expect(notice.dedupeKey).to.not.be.oneOf([
        readAdyenItem({}).dedupeKey,
        readAdyenItem({ success: "false" }).dedupeKey,
      ]);
    });

  const references: ReadonlyArray<
    readonly [code: string, original: string | undefined, payment: string | null, own: string | null]
  > = [
    ["AUTHORISATION", "", PSP, null],
    ["CAPTURE", ORIGINAL, ORIGINAL, PSP],
    ["CAPTURE", undefined, null, PSP],
    ["CAPTURE_FAILED", ORIGINAL, ORIGINAL, PSP],
    ["CANCELLATION", ORIGINAL, ORIGINAL, PSP],
    ["TECHNICAL_CANCEL", ORIGINAL, ORIGINAL, PSP],
    ["TECHNICAL_CANCEL", "", PSP, null],
    ["REFUND", ORIGINAL, ORIGINAL, PSP],
    ["REFUND_FAILED", ORIGINAL, ORIGINAL, PSP],
    ["REFUNDED_REVERSED", ORIGINAL, ORIGINAL, PSP],
    ["EXPIRE", ORIGINAL, ORIGINAL, null],
    ["OFFER_CLOSED", ORIGINAL, ORIGINAL, null],
    ["OFFER_CLOSED", "", null, null], // its own reference is not the payment's
    ["CHARGEBACK", ORIGINAL, ORIGINAL, null],
    ["REPORT_AVAILABLE", "", null, PSP],
  ];
  for (const [eventCode, originalReference, paymentReference, reference] of references)
    it(`${eventCode} of ${JSON.stringify(originalReference)} names the payment ${paymentReference}, itself ${reference}`, () =>
      expect(readAdyenItem({ eventCode, originalReference })).to.deep.include({
        operationId: OP,
        paymentId: null,
        paymentReference,
        reference,
      }));

  it("name themselves by signed fields, and their bytes by SHA-256 of the item", () => {
    const item = signAdyen(adyenItem());
    expect(onlyNotice(readAdyen([item]))).to.deep.include({
      gateway: "adyen",
      account: "MerchantA",
      type: "AUTHORISATION",
      dedupeKey: `MerchantA|AUTHORISATION|${PSP}|true`,
      bodyHash: hash("sha256", JSON.stringify(item)),
      amount: "1000",
      currency: "EUR",
    });
  });

  const strangers: ReadonlyArray<readonly [name: string, merchantReference: unknown]> = [
    ["a reference of somebody else", "order 17"],
    ["a payment's id", PAY],
    ["one with a colon", `${OP}:1000`],
    ["one character less", OP.slice(0, -1)],
    ["10 MB", "op_".padEnd(10_000_000, "0")],
    ["none", undefined],
  ];
  for (const [name, merchantReference] of strangers)
    it(`${name} is no operation of ours`, () =>
      expect(readAdyenItem({ merchantReference }).operationId).to.equal(null));

  it("digits shifted between reference and amount under a right signature decide nothing", () => {
    const signed = signAdyen(adyenItem({ merchantReference: `${OP}:9`, amount: { value: 100, currency: "EUR" } }));
    const cuts: readonly Json[] = [
      { merchantReference: OP, amount: { value: "9:100", currency: "EUR" } },
      { merchantReference: OP, amount: { value: 9, currency: "100:EUR" } },
      { merchantAccountCode: `MerchantA:${OP}`, merchantReference: "9" },
    ];
    expect(onlyNotice(readAdyen([signed])).operationId).to.equal(null);
    for (const cut of cuts) {
      const notice = onlyNotice(readAdyen([{ ...signed, ...cut }]));
      expect(notice.claim.kind).to.be.oneOf(["unclear", "quarantined"]);
      expect(notice.dedupeKey).to.not.equal(onlyNotice(readAdyen([signed])).dedupeKey);
    }
  });

  const amounts: ReadonlyArray<readonly [name: string, amount: unknown]> = [
    ["a text", { value: "1000", currency: "EUR" }],
    ["a fraction", { value: 10.5, currency: "EUR" }],
    ["negative", { value: -1, currency: "EUR" }],
    ["NaN as a text", { value: "NaN", currency: "EUR" }],
    ["huge", { value: 1e300, currency: "EUR" }],
    ["null", { value: null, currency: "EUR" }],
    ["of another case", { value: 1000, currency: "eur" }],
    ["of an unknown currency", { value: 1000, currency: "XXX" }],
    ["empty", {}],
  ];
  for (const [name, amount] of amounts)
    it(`an amount that is ${name}: no success is believed; what moves no money stays`, () => {
      for (const eventCode of ["AUTHORISATION", "CAPTURE", "CAPTURE_FAILED", "REFUND", "REFUND_FAILED", "CHARGEBACK"])
        expect(readAdyenItem({ eventCode, amount }).claim).to.deep.equal({ kind: "unclear", why: "amount" });
      expect(readAdyenItem({ eventCode: "CANCELLATION", amount }).claim).to.deep.equal({ kind: "voided" });
      expect(readAdyenItem({ amount, success: "false" }).claim.kind).to.equal("declined");
    });
  it("amounts are our minor units: Adyen's two decimals of CLP are none of ours", () =>
    expect(readAdyenItem({ amount: { value: 500, currency: "CLP" } })).to.deep.include({
      amount: "5",
      currency: "CLP",
    }));
  for (const pspReference of ["", undefined, "x\u0000", "P".repeat(300)])
    it(`the reference ${JSON.stringify(pspReference)?.slice(0, 20)} -> unclear`, () => {
      const notice = readAdyenItem({ pspReference });
      expect(notice.claim).to.deep.equal({ kind: "unclear", why: "pspReference" });
      expect(notice.dedupeKey).to.match(/^[\x20-\x7e]{1,255}$/);
    });

  it("unsigned fields change nothing but the label of a failure and of a dispute's state", () => {
    const unsigned: Json = {
      reason: "Not enough balance",
      eventDate: "1970-01-01T00:00:00Z",
      paymentMethod: "mc",
      operations: ["REFUND"],
      additionalData: { disputeStatus: "Lost", modificationType: "refund", live: "true", merchantOrderReference: PAY },
    };
    for (const [eventCode] of CASES)
      for (const success of ["true", "false"]) {
        const { bodyHash: _, ...plain } = readAdyenItem({ eventCode, success });
        const { bodyHash: __, ...changed } = readAdyenItem({ eventCode, success, ...unsigned });
        const unlabelled = (claim: NoticeClaim): Json => ({ ...claim, failure: null, state: null });
        expect({ ...changed, claim: unlabelled(changed.claim) }).to.deep.equal({
          ...plain,
          claim: unlabelled(plain.claim),
        });
      }
  });

  const labels: ReadonlyArray<readonly [name: string, more: Json, claim: NoticeClaim]> = [
    [
      "why an authorization was refused",
      { success: "false", reason: "Not enough balance" },
      failed("declined", "insufficient_funds", "12"),
    ],
    [
      "why a capture failed",
      { eventCode: "CAPTURE", success: "false", reason: `No\u0000 ${"x".repeat(100)}` },
      failed("captureFailed", "capture_declined", `No? ${"x".repeat(56)}`),
    ],
    [
      "why a refund failed",
      { eventCode: "REFUND", success: "false", reason: "Insufficient balance" },
      failed("refundFailed", "refund_declined", "Insufficient balance"),
    ],
    [
      "where a chargeback stands",
      { eventCode: "CHARGEBACK", additionalData: { disputeStatus: "Unresponded" } },
      disputed("needs_response", "held"),
    ],
    [
      "where a defense stands",
      { eventCode: "INFORMATION_SUPPLIED", additionalData: { disputeStatus: "Responded" } },
      disputed("under_review"),
    ],
    [
      "not where the code itself says it",
      { eventCode: "PREARBITRATION_WON", additionalData: { disputeStatus: "Lost" } },
      disputed("won"),
    ],
    [
      "nothing when the status is unknown",
      { eventCode: "CHARGEBACK", additionalData: { disputeStatus: "toString" } },
      disputed(null, "held"),
    ],
  ];
  for (const [name, more, claim] of labels)
    it(`labels say ${name}`, () => expect(readAdyenItem(more).claim).to.deep.equal(claim));
  for (const [status, state] of [
    ["Unresponded", "needs_response"],
    ["Responded", "under_review"],
    ["Pending", "under_review"],
    ["Undefended", "accepted"],
    ["Accepted", "accepted"],
    ["Expired", "expired"],
    ["Won", "won"],
    ["Lost", "lost"],
  ] as const)
    it(`disputeStatus ${status} -> ${state}`, () =>
      expect(readAdyenItem({ eventCode: "CHARGEBACK", additionalData: { disputeStatus: status } }).claim).to.deep.equal(
        disputed(state, "held"),
      ));

  // ---------------------------------------------------------------- account and mode

  it("another account -> quarantined", () => {
    for (const merchantAccountCode of ["MerchantB", "", undefined])
      expect(readAdyenItem({ merchantAccountCode }).claim).to.deep.equal({ kind: "quarantined", why: "account" });
  });
  for (const [live, ours] of [
    ["false", true],
    [false, true],
    ["true", false],
    [true, false],
    ["FALSE", false],
    [null, false],
    [{ toString: 1 }, false],
  ] as const)
    it(`live ${JSON.stringify(live)} at the test endpoint -> ${ours ? "taken" : "quarantined, under a key of its own"}`, () => {
      const item = signAdyen(adyenItem());
      const notice = onlyNotice(readAdyen([item], adyenReader(), {}, live));
      expect(notice.claim).to.deep.equal(ours ? { kind: "authorized" } : { kind: "quarantined", why: "mode" });
      expect(notice.dedupeKey === onlyNotice(readAdyen([item])).dedupeKey).to.equal(ours);
    });
  it("test notifications at the live endpoint -> quarantined", () => {
    const reader = adyenReader({ live: true });
    expect(onlyNotice(readAdyen([signAdyen(adyenItem())], reader)).claim.kind).to.equal("quarantined");
    expect(onlyNotice(readAdyen([signAdyen(adyenItem())], reader, {}, "true")).claim.kind).to.equal("authorized");
  });

  // ---------------------------------------------------------------- deliveries

  const numbered = (n: number): Json => signAdyen(adyenItem({ pspReference: `PSP${n}` }));
  it("are all taken, each item by itself", () => {
    const read = readAdyen([1, 2, 3, 4, 5].map(numbered));
    expect(read).to.have.length(5);
    expect((read as readonly { paymentReference: string }[]).map((notice) => notice.paymentReference)).to.deep.equal(
      [1, 2, 3, 4, 5].map((n) => `PSP${n}`),
    );
  });
  for (const bad of [0, 2, 4])
    it(`one bad item of five, number ${bad + 1}, refuses the whole delivery`, () => {
      const items = [1, 2, 3, 4, 5].map(numbered);
      const changed = items.with(bad, { ...(items[bad] as Json), success: "false" });
      expect(readAdyen(changed)).to.equal("invalid_signature");
      expect(readAdyen(items.with(bad, adyenItem()))).to.equal("invalid_signature");
      expect(readAdyen(items.with(bad, signAdyen(adyenItem(), "11".repeat(32))))).to.equal("invalid_signature");
    });
  it("of 1,000 items are read, of more or none are malformed", () => {
    const item = signAdyen(adyenItem());
    expect(readAdyen(Array.from({ length: 1_000 }, () => item))).to.have.length(1_000);
    expect(readAdyen(Array.from({ length: 1_001 }, () => item))).to.equal("malformed");
    expect(readAdyen([])).to.equal("malformed");
  });

  const malformed: ReadonlyArray<readonly [name: string, body: Uint8Array | Json]> = [
    ["no bytes", bytes("")],
    ["no JSON", bytes("{")],
    ["no UTF-8", Buffer.from([0x7b, 0xff, 0x7d])],
    ["a BOM", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes(adyenDelivery([signAdyen(adyenItem())]))])],
    ["a list", bytes("[]")],
    ["null", bytes("null")],
    ["no items", { live: "false" }],
    ["items that are no list", { live: "false", notificationItems: {} }],
    ["an empty item", { live: "false", notificationItems: [{}] }],
    ["a null item", { live: "false", notificationItems: [null] }],
    ["an item that is a list", { live: "false", notificationItems: [{ NotificationRequestItem: [] }] }],
  ];
  for (const [name, body] of malformed)
    it(`${name} -> malformed`, () =>
      expect(adyenReader().read(body instanceof Uint8Array ? body : bytes(body), {}, NOW_MS)).to.equal("malformed"));

  it("are refused without the credentials, if some are set, before they are read", () => {
    const reader = adyenReader({ basicAuth: { user: "adyen", password: "secret" } });
    const authorization = `Basic ${Buffer.from("adyen:secret").toString("base64")}`;
    const items = [signAdyen(adyenItem())];
    expect(readAdyen(items, reader)).to.equal("invalid_signature");
    expect(readAdyen(items, reader, { authorization: `${authorization}AA` })).to.equal("invalid_signature");
    expect(reader.read(bytes("{"), {}, NOW_MS)).to.equal("invalid_signature");
    expect(readAdyen(items, reader, { authorization })).to.have.length(1);
    expect(readAdyen([adyenItem()], reader, { authorization })).to.equal("invalid_signature");
  });

  it("never throw and are always plain data, whatever an item says", () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("__proto__", "constructor", "toString", "x".repeat(100_000), "1e999", OP, PAY),
    );
    const members = fc.constantFrom(...Object.keys(adyenItem()), "__proto__", "constructor");
    const text = fc.oneof(odd, fc.constantFrom(...Object.keys(ADYEN_CLAIMS)));
    fc.assert(
      fc.property(fc.dictionary(members, text), odd, (more, live) => {
        const item = adyenItem(more);
        expect(readAdyen([item], adyenReader(), {}, live)).to.equal("invalid_signature");
        // Adyen's SDK throws at an item without an amount, and writes objects into the text: such a one is not signed.
        let signed: Json;
        try {
          signed = signAdyen(item);
        } catch {
          return;
        }
        const read = readAdyen([signed], adyenReader(), {}, live);
        if (typeof read === "string") return;
        expect(structuredClone(onlyNotice(read))).to.deep.equal(onlyNotice(read));
        expect(JSON.stringify(read).length).to.be.below(5_000);
      }),
      { numRuns: 300 },
    );
  });

  it("nested too deeply -> malformed, and no throw", () => {
    const body = JSON.stringify(adyenDelivery([signAdyen(adyenItem({ reason: "DEEP" }))]));
    const deep = body.replace('"DEEP"', `${"[".repeat(200_000)}${"]".repeat(200_000)}`);
    expect(adyenReader().read(bytes(deep), {}, NOW_MS)).to.equal("malformed");
  });

  it("refuse to start with a bad key or blank credentials", () => {
    expect(() => adyenReader({ hmacKeys: [] })).to.throw(/hmacKeys/);
    expect(() => adyenReader({ hmacKeys: ["abc"] })).to.throw(/hmacKeys\[0\]/);
    expect(() => adyenReader({ basicAuth: { user: "adyen", password: " " } })).to.throw(/basicAuth\.password/);
  });
});
