/** The gateways' contract over real HTTP: official SDKs, our transport, the simulators; and what the charge log shows. */
import { expect } from "chai";
import {
  createAdyenGateway,
  createStripeGateway,
  GATEWAY_CAPABILITIES,
  gatewayContract,
} from "../../../actors/gateways/index.ts";
import type { Gateway } from "../../../actors/index.ts";
import { GATEWAY_TOKENS, type RequestReport } from "./index.ts";
import { type Rig, startRig, systemClock } from "./test-rig.ts";

describe("gateway simulators through the official SDKs", function () {
  this.timeout(30_000);
  let rig: Rig;
  const gateways: Gateway[] = [];
  const tokens = new Set(GATEWAY_TOKENS.map(({ token }) => token));
  before(async () => {
    rig = await startRig({ slowMs: 600 });
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
              kind,
              amountMinor: BigInt(amount),
              operationId: name === "stripe" && kind === "void" ? null : operationId,
            })),
        tokens,
        seed: index + 1,
        pause: () => new Promise((done) => setTimeout(done, 20)),
      });
      for (const { name: title, run } of cases) it(title, run);

      it("has an outcome in the contract for every token", () => {
        for (const token of tokens)
          expect(
            cases.some((test) => test.name.startsWith(`${token}:`)),
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
