/** Values as people see them; and canaries: whatever stands in a story's texts, no secret and no control character is printed. */
import { expect } from "chai";
import fc from "fast-check";
import { checkOf, openOperationsOf } from "./payment-check.ts";
import { checksAnswer, storyAnswer } from "./payment-json.ts";
import { renderChecks } from "./payment-resolve.ts";
import { renderStory } from "./payment-story.ts";
import { printAge, printAmount, printed, printTime } from "./printed.ts";
import { FAILURE_CODES, GATEWAY_CODES } from "../../actors/gateways/index.ts";
import { AT_MS, notice, row, sampleStory, storyInDoubt } from "./sample-story.ts";

describe("printed values", () => {
  for (const [minor, currency, text] of [
    ["1234", "EUR", "12.34 EUR"],
    ["5", "EUR", "0.05 EUR"],
    ["0", "EUR", "0.00 EUR"],
    ["-1234", "EUR", "-12.34 EUR"],
    ["5000", "JPY", "5000 JPY"],
    ["700", "KWD", "0.700 KWD"],
    ["999999999999", "IDR", "9999999999.99 IDR"],
    ["7", "XXX", "7 minor units of XXX"],
  ] as const)
    it(`${minor} of ${currency} is ${text}`, () => expect(printAmount(minor, currency)).to.equal(text));

  it("loses no digit of an amount", () =>
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.constantFrom("EUR", "JPY", "KWD"), (minor, currency) => {
        const digits = printAmount(String(minor), currency).replace(/[^\d]/g, "");
        return BigInt(digits) === minor;
      }),
    ));

  it("has the reader's time zone, and ages both ways", () => {
    expect(printTime(AT_MS + 5, { nowMs: 0, timeZone: "UTC" })).to.equal("2026-11-23 08:00:00.005");
    expect(printTime(AT_MS, { nowMs: 0, timeZone: "Asia/Kolkata" })).to.equal("2026-11-23 13:30:00.000");
    expect(printAge(AT_MS, { nowMs: AT_MS + 65_000 })).to.equal("1m5s ago");
    expect(printAge(AT_MS + 65_000, { nowMs: AT_MS })).to.equal("in 1m5s");
    expect(printAge(AT_MS, { nowMs: AT_MS + 100 })).to.equal("now");
  });

  it("escapes what would move a terminal's cursor, or break a line", () =>
    expect(printed("a\u001b[2J\nb\u202ec\u2028")).to.equal("a\\u{1b}[2J\\u{0a}b\\u{202e}c\\u{2028}"));
});

describe("why a payment failed", () => {
  /** Those that begin like a token, as Stripe documents them, and a word or two. */
  const WORDS = [
    "card_declined",
    "card_decline_rate_limit_exceeded",
    "card_not_supported",
    "card_velocity_exceeded",
    "the card was refused",
    "the card 4242 was refused",
    "Basic auth failed",
    "Basic authentication failed. Try again",
    "Bearer token is missing",
    "client_secret is missing",
    "source src_account_closed",
  ];
  it("is told: no code of ours or of a gateway, and no plain words, are taken for a secret", () => {
    const all = [...FAILURE_CODES, ...GATEWAY_CODES, ...WORDS];
    expect(FAILURE_CODES).to.include("card_closed");
    expect(GATEWAY_CODES).to.include.members(["card_velocity_exceeded", "24"]);
    expect(all.map(printed)).to.deep.equal(all);
    for (const code of all) expect(printed(`failed (${code}): "${code}"`)).to.equal(`failed (${code}): "${code}"`);
  });
});

/** Of each kind one, each to be known again. */
const CANARIES = [
  "tok_visa_canary",
  "pm_1Canary",
  "sk_live_canary",
  "rk_test_canary",
  "whsec_canary+/=",
  "Bearer canary.token",
  "Bearer canarycanarycanarycanary",
  "Basic Y2FuYXJ5OmNhbmFyeQ==",
  "card_1Canary0",
  "src_canaryCANARY",
  "ba_canary12345",
  "pcsk_canary-canary",
  "pcop_canary-canary",
  "client_secret=canary",
  "pi_3Canary_secret_canary",
  "eyJjYW5hcnk.eyJjYW5hcnk.c2lnbmF0dXJl",
];

describe("canaries in a story", () => {
  const text = `x ${CANARIES.join(" ")}\u001b[31m\u0007 y`;
  const story = sampleStory({
    payment: { ...sampleStory().payment, merchantReference: text, gatewayReference: text, gatewayAccount: text },
    owner: { ...sampleStory().owner, node: text },
    rows: [
      row(1, { submits: true, cause: text, node: text, gatewayReference: text }),
      row(2, {
        said: {
          reference: text,
          key: text,
          failure: { code: text, retryable: false, customerAction: null, gatewayCode: text },
        },
        replyStatus: 201,
      }),
    ],
    requests: sampleStory().requests.map((one) => ({ ...one, key: text })),
    notices: [
      notice(text, { type: text, state: "parked", verdict: "forbidden", reference: text, receivedAtMs: AT_MS }),
    ],
    events: sampleStory().events.map((one) => ({
      ...one,
      type: text,
      deliveries: one.deliveries.map((delivery) => ({ ...delivery, lastStatus: null, lastFailure: text })),
    })),
    findings: [
      {
        class: "D10",
        state: "open",
        operationId: null,
        expected: text,
        observed: text,
        evidence: text,
        suggestedAction: text,
        firstSeenAtMs: AT_MS,
        resolvedAtMs: null,
        resolvedBy: text,
      },
    ],
  });
  const doubtful = {
    ...storyInDoubt(),
    owner: story.owner,
    payment: { ...storyInDoubt().payment, merchantReference: text },
  };
  const checks = openOperationsOf(doubtful).map((operation) => checkOf(doubtful, operation, AT_MS));
  const look = { nowMs: AT_MS, isWide: true, timeZone: "UTC" };
  const outputs: readonly (readonly [string, () => string])[] = [
    ["the table", () => renderStory(story, { ...look, isWide: false })],
    ["the wide table", () => renderStory(story, look)],
    ["JSON", () => JSON.stringify(storyAnswer(story))],
    ["the dry run", () => renderChecks(doubtful, checks, look)],
    ["the dry run's JSON", () => JSON.stringify(checksAnswer(doubtful, checks))],
  ];
  for (const [what, output] of outputs)
    it(`none comes out of ${what}`, () => {
      const shown = output();
      for (const canary of CANARIES) expect(shown).not.to.include(canary);
      expect(shown.replaceAll("\n", "")).not.to.match(/\p{Cc}/u);
      expect(shown.length).to.be.greaterThan(200);
    });
});
