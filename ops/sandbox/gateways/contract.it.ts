/** The gateways' contract over real HTTP: official SDKs, our transport, the simulators; and what the charge log shows. */
import { expect } from "chai";
import {
  type ContractEffect,
  createAdyenGateway,
  createStripeGateway,
  GATEWAY_CAPABILITIES,
  gatewayContract,
} from "../../../actors/gateways/index.ts";
import type { OperationId, PaymentId } from "../../../actors/domain/index.ts";
import type { Gateway, GatewayCall, GatewayObservation } from "../../../actors/index.ts";
import { GATEWAY_TOKENS, type RequestReport } from "./index.ts";
import { type Rig, startRig, systemClock } from "./test-rig.ts";

type Kind = GatewayObservation["kind"];

/** What an adapter makes of the first try of an authorize, and of a read or of the same call again. */
const OUTCOMES: Readonly<Record<string, readonly [first: Kind, then: Kind]>> = {
  tok_currency_mismatch: ["conflicted", "conflicted"],
  tok_reference_mismatch: ["conflicted", "conflicted"],
  tok_drip: ["unknown", "authorized"],
  tok_headers_then_silence: ["unknown", "authorized"],
  tok_500_no_error_member: ["unknown", "authorized"],
  tok_empty_answer: ["unknown", "authorized"],
  tok_cut_json: ["unknown", "authorized"],
  tok_wrong_content_type: ["unknown", "authorized"],
  tok_key_in_use: ["busy", "authorized"],
  tok_not_found_at_first: ["unknown", "authorized"],
  tok_late_success: ["declined", "declined"],
  ...Object.fromEntries(
    [
      "tok_capture_fails_unheard",
      "tok_refund_fails_unheard",
      "tok_webhook_first",
      "tok_webhook_lost",
      "tok_webhook_late",
      "tok_webhook_twice",
      "tok_webhook_reordered",
      "tok_webhook_opposite",
      "tok_capture_fails_late",
      "tok_refund_fails_late",
      "tok_expires",
      "tok_dispute",
      "tok_dispute_won",
      "tok_dispute_lost",
    ].map((token) => [token, ["authorized", "authorized"] as const]),
  ),
};
const OPEN: ReadonlySet<Kind> = new Set<Kind>(["unknown", "undecided", "busy", "processing", "notSubmitted"]);
const TRIES_MAX = 200;
let count = 0;

/** Runs an authorize and then what a resolver would, until it has ended. */
async function outcomeOf(gateway: Gateway, token: string): Promise<readonly [Kind, Kind]> {
  const nth = String(++count).padStart(12, "0");
  const isTwoStep = gateway.capabilities.twoStepCharge;
  const call: GatewayCall = {
    operationId: `op_outcomes000000${nth}` as OperationId,
    paymentId: `pay_outcomes000000${nth}` as PaymentId,
    merchantId: null,
    kind: "authorize",
    action: isTwoStep ? "prepare" : "execute",
    try: 1,
    earlierTryOpen: false,
    gateway: gateway.capabilities.name,
    account: "acct_outcomes",
    gatewayKey: `00000000-0000-5000-9000-${nth}`,
    gatewayReference: null,
    amountMinor: 1_999n,
    currency: "EUR",
    paymentMethod: token,
    timeoutMs: 400,
    notAfterMs: Number.POSITIVE_INFINITY,
  };
  const prepared = isTwoStep ? await gateway.run({ ...call, timeoutMs: 5_000 }) : undefined;
  const named = { ...call, gatewayReference: prepared?.kind === "prepared" ? prepared.reference : null };
  const first = await gateway.run({ ...named, action: "execute" });
  let then = first;
  for (let n = 0; n < TRIES_MAX; n++) {
    const action = n % 2 === 0 && gateway.capabilities.queryById ? "query" : "execute";
    then = await gateway.run({ ...named, action, try: n + 2, earlierTryOpen: true, timeoutMs: 5_000 });
    if (!OPEN.has(then.kind)) break;
    await new Promise((done) => setTimeout(done, 20));
  }
  return [first.kind, then.kind];
}

describe("gateway simulators through the official SDKs", function () {
  this.timeout(30_000);
  let rig: Rig;
  const gateways: Gateway[] = [];
  const tokens = new Set(GATEWAY_TOKENS.map(({ token }) => token));
  before(async () => {
    // What comes later comes after the end: here every call shall be the last word.
    rig = await startRig({ slowMs: 600, webhookTiming: { lateMs: 600_000 } });
    gateways.push(
      createStripeGateway({ baseUrl: rig.stripeUrl, apiKey: "sk_test_sandbox", account: null, clock: systemClock }),
      createAdyenGateway({ baseUrl: rig.adyenUrl, apiKey: "sandbox", merchantAccount: null, clock: systemClock }),
    );
  });
  after(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await rig.stop();
  });

  for (const [index, name] of (["stripe", "adyen"] as const).entries())
    describe(name, () => {
      const cases = gatewayContract({
        capabilities: GATEWAY_CAPABILITIES[name],
        laterDecides: name === "adyen",
        gateway: () => gateways[index] as Gateway,
        effectsOf: (gatewayKey) =>
          rig
            .chargeLines(name)
            .filter(({ key }) => key === gatewayKey)
            .map(({ kind, amount, operation_id: operationId }) => ({
              kind: kind as ContractEffect["kind"], // what comes later has a key of its own
              amountMinor: BigInt(amount),
              operationId: name === "stripe" && kind === "void" ? null : operationId,
            })),
        tokens,
        seed: index + 1,
        pause: () => new Promise((done) => setTimeout(done, 20)),
      });
      for (const { name: title, run } of cases) it(title, run);

      for (const [token, outcome] of Object.entries(OUTCOMES))
        it(`${token}: ${outcome.join(", then ")}`, async () => {
          expect(await outcomeOf(gateways[index] as Gateway, token)).to.deep.equal(outcome);
        });

      it("has an outcome for every token, in the contract or here", () => {
        for (const token of tokens)
          expect(
            Object.hasOwn(OUTCOMES, token) || cases.some((test) => test.name.startsWith(`${token}:`)),
            token,
          ).to.equal(true);
      });

      it("wrote at most one line per operation, and none without a key", () => {
        const lines = rig.chargeLines(name);
        const ours = lines.filter(({ kind }) => kind !== "void"); // an abandon voids under the name of what it ends
        expect(new Set(ours.map((line) => line.operation_id)).size).to.equal(ours.length);
        const charges = lines.filter(({ kind }) => kind === "authorize" || kind === "sale");
        expect(charges.length).to.be.greaterThan(10);
        expect(new Set(charges.map((line) => line.operation_id)).size).to.equal(charges.length);
        expect(new Set(lines.map(({ account, key }) => `${account} ${key}`)).size).to.equal(lines.length);
      });

      it("was called by the official SDK only, and never without a key", async () => {
        const url = name === "stripe" ? rig.stripeUrl : rig.adyenUrl;
        const report = (await (await fetch(`${url}/_sandbox/requests`)).json()) as RequestReport;
        expect(Object.keys(report.byUserAgent)).to.have.length(1);
        expect(Object.keys(report.byUserAgent)[0]).to.match(
          name === "stripe" ? /^Stripe\/v1 NodeBindings\/\d/ : /^adyen-node-api-library\/\d/,
        );
        const posts = report.newest.filter(({ method }) => method === "POST");
        for (const verb of name === "stripe"
          ? ["/capture", "/cancel", "/refunds"]
          : ["/captures", "/cancels", "/refunds"])
          expect(
            posts.some(({ path }) => path.endsWith(verb)),
            verb,
          ).to.equal(true);
        for (const { key, path } of posts)
          expect(key, path).to.match(/^[0-9]{8}(?:-[0-9a-f]{4}){3}-[0-9]{12}(?:-create|-cancel-\d+)?$/);
      });
    });
});
