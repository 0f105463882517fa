import { expect } from "chai";
import { mintId } from "../actors/domain/index.ts";
import * as admission from "./admission.ts";
import type { Directory, MerchantEntry } from "./directory.ts";
import { readHead } from "./request-head.ts";
import { ROUTES } from "./routes.ts";
import { SCOPES } from "./scopes.ts";
import { SHARD_ROUTES } from "./shard-requests.ts";

const id = mintId("mer", 1, 1, new Uint8Array(8));
const merchant: MerchantEntry = { id, status: "active", slot: 1 };
const directoryOf = (entry: MerchantEntry | undefined): Directory => ({
  client: () => undefined,
  merchant: () => entry,
  signingKeys: [],
  slotToShard: () => 0,
});
const principal = (scopes: readonly string[]) => ({
  clientId: "c",
  merchantId: id,
  scopes: new Set(scopes),
  kid: "k",
  validUntilMs: 1,
});
const head = (headers: Readonly<Record<string, string>>) =>
  readHead({ forEach: (visit) => Object.entries(headers).forEach(([name, value]) => visit(name, value)) });

describe("scopes of routes", () => {
  for (const route of ROUTES)
    for (const scope of SCOPES)
      it(`${route.name} with ${scope}`, () => {
        const verdict = admission.authorize(principal([scope]), route, directoryOf(merchant));
        const allowed = route.scope === null || route.scope === scope;
        expect(verdict.kind === "refusal" ? verdict.code : verdict.kind).to.equal(
          allowed ? "merchant" : "insufficient_scope",
        );
      });
  it("are asked of whatever a shard answers, and of nothing else", () => {
    const guarded = ROUTES.filter(({ scope }) => scope !== null).map(({ name }) => name);
    expect(guarded.sort()).to.deep.equal([...SHARD_ROUTES].sort());
  });
  it("let nothing be written by who may read", () => {
    for (const { method, scope } of ROUTES) {
      if (scope === null) continue;
      if (method !== "GET") expect(scope).to.match(/:write$/);
      // Who looks at endpoints may change them: there is no scope for looking alone.
      else expect(scope).to.match(/:read$|^webhooks:write$/);
    }
  });
  for (const route of ROUTES)
    it(`do not help a suspended merchant, nor an unknown one: ${route.name}`, () => {
      const codeFor = (entry: MerchantEntry | undefined) => {
        const verdict = admission.authorize(principal(SCOPES), route, directoryOf(entry));
        return verdict.kind === "refusal" ? verdict.code : verdict.kind;
      };
      expect(codeFor({ ...merchant, status: "suspended" })).to.equal("merchant_suspended");
      expect(codeFor(undefined)).to.equal("invalid_token");
    });
});

describe("card numbers beside the body", () => {
  const PAN = "4111111111111111";
  const escaped = `%34${PAN.slice(1)}`;
  const cases: readonly (readonly [
    name: string,
    path: string,
    query: string,
    headers: Readonly<Record<string, string>>,
  ])[] = [
    ["path", `/v1/payments/${PAN}`, "", {}],
    ["escaped path", `/v1/idempotency/${escaped}`, "", {}],
    [
      "full-width digits in the path",
      `/v1/idempotency/${encodeURIComponent("４１１１１１１１１１１１１１１１")}`,
      "",
      {},
    ],
    ["beside a broken escape", `/v1/idempotency/%zz${escaped}%`, "", {}],
    ["beside bytes that are no text", `/v1/idempotency/%ff${escaped.replaceAll("1", "%31")}`, "", {}],
    ["query", "/v1/payments", `merchant_reference=${PAN}`, {}],
    ["escaped query beside a broken escape", "/v1/payments", `${escaped}=1&limit=%zz`, {}],
    ["spaces", "/v1/payments", "a=4111+1111+1111+1111", {}],
    ["user agent", "/v1/payments", "", { "user-agent": `x ${PAN}` }],
    ["key", "/v1/payments", "", { "x-idempotency-key": PAN }],
    ["alias", "/v1/payments", "", { "idempotency-key": PAN }],
    ["second key", "/v1/payments", "", { "idempotency-key": "a", "x-idempotency-key": PAN }],
    ...["referer", "cookie", "x-request-id", "accept", "x-forwarded-for", "from", "content-type", "x"].map(
      (name) => [`header ${name}`, "/v1/payments", "", { host: "a", [name]: `a=${PAN}; b` }] as const,
    ),
  ];
  for (const [name, path, query, headers] of cases)
    it(name, () =>
      expect(admission.checkCardData(path, query, head(headers))?.code).to.equal("card_data_not_accepted"),
    );
  it("are not looked for in tokens, nor in ids of traces", () => {
    for (const name of ["authorization", "traceparent", "x-datadog-trace-id", "x-cloud-trace-context"])
      expect(admission.checkCardData("/v1/payments", "", head({ [name]: PAN })), name).to.equal(null);
  });
  it("are not seen where there are none", () =>
    expect(admission.checkCardData("/v1/payments", "merchant_reference=%zz4111111111111112", head({}))).to.equal(null));
});
