/** Captures, voids and refunds at Stripe: what every answer and every read of them means. */
import { expect } from "chai";
import type { GatewayCall } from "../ports/gateway.ts";
import { type HttpAnswer, TransportError } from "./http-transport.ts";
import {
  call,
  captured,
  html,
  intent,
  json,
  listOf,
  refund,
  replayed,
  stripe,
  stripeError,
  StubTransport,
  summary,
} from "./sdk-rig.ts";

describe("Stripe adapter: what is done to a payment later", () => {
  type Later = "capture" | "void" | "refund";
  type Case = readonly [name: string, kind: Later, HttpAnswer | Error, expected: string, more?: Partial<GatewayCall>];
  const cardError = stripeError(402, { type: "card_error", code: "card_declined", decline_code: "do_not_honor" });
  const each = (name: string, answer: HttpAnswer | Error, expected: string, more: Partial<GatewayCall> = {}): Case[] =>
    (["capture", "void", "refund"] as const).map((kind) => [name, kind, answer, expected, more]);
  const cases: readonly Case[] = [
    ["succeeded", "capture", json(200, captured(1000)), "captured null"],
    ["another amount", "capture", json(200, captured(999)), "conflicted amount_received"],
    ["not run", "capture", json(200, intent("requires_capture")), "undecided null"],
    ["canceled", "void", json(200, intent("canceled")), "voided null"],
    ["captured", "void", json(200, intent("succeeded")), "declined already_captured"],
    ["succeeded", "refund", json(200, refund("succeeded")), "refunded re_1"],
    ["pending", "refund", json(200, refund("pending")), "processing re_1"],
    ["failed", "refund", json(200, refund("failed", { failure_reason: "declined" })), "declined refund_declined"],
    ["of another", "refund", json(200, refund("succeeded", { metadata: {} })), "conflicted operation_id"],
    ["an intent", "refund", json(200, intent("succeeded")), "unknown unreadable_answer"],
    ...each(
      "unexpected state",
      stripeError(400, { code: "payment_intent_unexpected_state" }),
      "unknown already_changed",
    ),
    ...each("captured before", stripeError(400, { code: "charge_already_captured" }), "unknown already_changed"),
    ...each("refunded before", stripeError(400, { code: "charge_already_refunded" }), "unknown already_changed"),
    ...each("refused", stripeError(400, { code: "charge_disputed" }), "declined disputed"),
    ...each("refused, later try", stripeError(400, { code: "charge_disputed" }), "unknown refused_later_try", {
      earlierTryOpen: true,
    }),
    ...each("not found", stripeError(404, { code: "resource_missing" }), "declined invalid_gateway_request"),
    ...each("card error", cardError, "declined do_not_honor"),
    ...each("401", stripeError(401, {}), "notSubmitted credentials"),
    ...each("429", stripeError(429, { code: "lock_timeout" }), "busy rate_limited"),
    ...each("in use", stripeError(409, { code: "idempotency_key_in_use" }), "busy key_in_use"),
    ...each("our bug", stripeError(400, { type: "idempotency_error" }), "conflicted idempotency_error"),
    ...each("500", stripeError(500, {}), "unknown http_500"),
    ...each("502", html(502), "unknown unreadable_502"),
    ...each("lost", new TransportError("timeout", true), "unknown timeout"),
    ...each("not sent", new TransportError("connection_failed", false), "notSubmitted connection_failed"),
  ];
  for (const [name, kind, answer, expected, more] of cases)
    it(`${kind}, ${name} -> ${expected}`, async () => {
      const transport = new StubTransport(answer);
      expect(summary(await stripe(transport).run(call({ kind, ...more })))).to.equal(expected);
      expect(transport.sent).to.have.length(1);
    });

  it("never takes the payment's reference for an operation's own", async () => {
    for (const [, kind, answer, , more] of cases) {
      const observed = await stripe(new StubTransport(answer)).run(call({ kind, ...more }));
      if ("reference" in observed) expect(observed.reference).to.not.equal("pi_1");
    }
  });

  const reads: readonly Case[] = [
    ["not run", "capture", json(200, intent("requires_capture")), "undecided null"],
    ["run", "capture", json(200, captured(1000)), "captured null"],
    ["run by another", "capture", json(200, intent("succeeded")), "conflicted capture_operation_id"],
    ["gone", "capture", json(200, intent("canceled")), "declined authorization_expired"],
    ["not run", "void", json(200, intent("requires_capture")), "undecided null"],
    ["too late", "void", json(200, intent("succeeded")), "declined already_captured"],
    ["none", "refund", json(200, listOf([])), "undecided null"],
    ["others", "refund", json(200, listOf([refund("succeeded", { metadata: {} })])), "undecided null"],
    ["run", "refund", json(200, listOf([refund("succeeded")])), "refunded re_1"],
    ["running", "refund", json(200, listOf([refund("pending")])), "processing re_1"],
    ["failed", "refund", json(200, listOf([refund("failed")])), "declined refund_declined"],
    ["no status", "refund", json(200, listOf([refund(null)])), "undecided re_1"],
    ["twice", "refund", json(200, listOf([refund("succeeded"), refund("failed")])), "conflicted refunded_twice"],
    ["no list", "refund", json(200, refund("succeeded")), "unknown unreadable_answer"],
    ["no data", "refund", json(200, { object: "list", has_more: false }), "unknown unreadable_answer"],
    ["no end", "refund", json(200, { object: "list", data: [] }), "unknown unreadable_answer"],
    ["empty, but more", "refund", json(200, listOf([], true)), "unknown unreadable_answer"],
    ...each("404", stripeError(404, { code: "resource_missing" }), "unknown http_404"),
    ...each("400", stripeError(400, { code: "parameter_missing" }), "unknown http_400"),
    ...each("402", cardError, "unknown http_402"),
    ...each("500", stripeError(500, {}), "unknown http_500"),
    ...each("401", stripeError(401, {}), "notSubmitted credentials"),
  ];
  for (const action of ["query", "abandon"] as const)
    for (const [name, kind, answer, expected] of reads)
      it(`${action} of a ${kind}, ${name} -> ${expected}, and nothing but reads`, async () => {
        const transport = new StubTransport(answer);
        expect(summary(await stripe(transport).run(call({ kind, action })))).to.equal(expected);
        expect(transport.sent.map(({ method }) => method)).to.deep.equal(["GET"]);
      });

  it("reads all pages of the refunds, and no more than it may", async () => {
    const page = (id: string, hasMore: boolean, more: object = { metadata: {} }) =>
      json(
        200,
        listOf([refund("succeeded", { id: `${id}_a`, metadata: {} }), refund("succeeded", { id, ...more })], hasMore),
      );
    const pages = new StubTransport(page("re_3", true), page("re_2", true), page("re_1", false, {}));
    expect(summary(await stripe(pages).run(call({ kind: "refund", action: "query" })))).to.equal("refunded re_1");
    expect(pages.sent.map(({ path }) => path.split("&").slice(2))).to.deep.equal([
      [],
      ["starting_after=re_3"],
      ["starting_after=re_2"],
    ]);
    const endless = new StubTransport(page("re_9", true));
    expect(summary(await stripe(endless).run(call({ kind: "refund", action: "query" })))).to.equal(
      "unknown too_many_refunds",
    );
    expect(endless.sent.length).to.be.lessThan(50);
  });

  const afterStored: readonly Case[] = [
    ["still held", "capture", json(200, intent("requires_capture")), "notExecuted processing_error"],
    ["captured after all", "capture", json(200, captured(1000)), "captured null"],
    ["still held", "void", json(200, intent("requires_capture")), "notExecuted processing_error"],
    ["canceled after all", "void", json(200, intent("canceled")), "voided null"],
    // A list that lacks it is weaker than an object that shows it: who asks decides how often it must be missing.
    ["not listed", "refund", json(200, listOf([])), "unknown stored_500_replayed"],
  ];
  for (const [name, kind, read, expected] of afterStored)
    it(`stored 500 of a ${kind} replayed, and it is ${name} -> ${expected}`, async () => {
      const stored = stripeError(500, { type: "api_error" }, replayed);
      expect(summary(await stripe(new StubTransport(stored, read)).run(call({ kind })))).to.equal(expected);
    });
});
