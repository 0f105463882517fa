/**
 * The bad-input catalogue (faults.md §4) against a started node: each case gets its documented status and code, costs
 * exactly the charges that it says, and leaves the process up.
 */
import { expect } from "chai";
import { join } from "node:path";
import { fileKeyProvider, openControlStore } from "../../storage/index.ts";
import { type Auth, BAD_INPUT, type BadInputCase, toBytes } from "../../router/test/bad-input.ts";
import { craftToken, type CraftingTable } from "../../router/test/crafted-tokens.ts";
import { exchange } from "../../router/test/raw-http.ts";
import { readCharges } from "./rig/charge-log.ts";
import { Cluster, queryOne, until } from "./rig/cluster.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { Merchant, payment } from "./rig/merchant.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

describe("bad input at a started node", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let table: CraftingTable;
  let writer: Merchant;
  let suspended: Merchant;
  let nodePid = 0;
  let ran = 0;
  const tokens = new Map<string, string>();

  before(async () => {
    cluster = await Cluster.start();
    const { info } = cluster;
    nodePid = cluster.nodePid;
    writer = await Merchant.signIn(info, 0);
    suspended = await Merchant.signIn(info, 2);
    tokens.set("writer", writer.token);
    tokens.set("reader", (await Merchant.signIn(info, 0, "payments:read")).token);
    tokens.set("suspended", suspended.token);
    const control = openControlStore({
      dsn: info.postgres.control.ownerDsn,
      who: "test",
      log: quiet,
      keys: fileKeyProvider(join(cluster.dataDir, "keys.json")),
    });
    const [key] = (await control.loadDirectory()).signingKeys;
    await control.close();
    const [merchant] = info.merchants;
    if (key === undefined || merchant === undefined) throw new Error("the sandbox has no key or no merchant");
    table = {
      issuer: info.apiUrl,
      audience: "payment-cluster",
      clientId: merchant.clientId,
      merchantId: merchant.id,
      key,
    };
    await queryOne(
      info.postgres.control.ownerDsn,
      "UPDATE merchant SET status = 'suspended' WHERE id = (SELECT merchant_id FROM api_client WHERE id = $1)",
      [info.merchants[2]?.clientId],
    );
    await until(
      "the suspension is known",
      20_000,
      async () => (await suspended.create("first", payment())).status === 403,
    );
  });
  after(async () => {
    await writer?.close();
    await suspended?.close();
    await cluster?.dispose();
  });

  const authorizationOf = async (auth: Auth): Promise<string | null> => {
    if (typeof auth === "string") return `Bearer ${tokens.get(auth)}`;
    if ("raw" in auth) return auth.raw;
    return `Bearer ${await craftToken(auth.crafted, table, Math.floor(Date.now() / 1_000))}`;
  };

  async function run(input: BadInputCase, key: string): Promise<void> {
    const before = readCharges(cluster.info).length;
    const port = Number(new URL(cluster.info.apiUrl).port);
    for (const { request, expect: expected } of input.steps) {
      const answer = await exchange(port, toBytes(request, await authorizationOf(request.auth), key));
      const problem = JSON.parse(answer?.body.toString() ?? "null") as {
        code?: string;
        errors?: readonly { pointer: string; code: string }[];
      };
      expect([answer?.status, problem.code ?? null], answer?.body.toString().slice(0, 400)).to.deep.equal([
        expected.status,
        expected.code,
      ]);
      if (expected.pointer === undefined) continue;
      const named = problem.errors?.some(
        ({ pointer, code }) => pointer === expected.pointer && code === expected.reason,
      );
      expect(named, `${expected.pointer} ${expected.reason} in ${JSON.stringify(problem.errors)}`).to.equal(true);
    }
    expect(readCharges(cluster.info).length - before, "charges").to.equal(input.charges);
    expect(cluster.nodePid, "the process stayed up").to.equal(nodePid);
  }

  for (const [index, input] of BAD_INPUT.entries()) {
    it(`case ${input.row} ${input.name}`, async () => {
      await run(input, `bad-input-${index}`);
      ran++;
    });
  }

  it("37 unknown tokens and those of others are declined alike, by the gateway", async () => {
    const one = await writer.createUntilFinal("unknown-token", payment({ payment_method: "tok_nobody_knows" }), 30_000);
    const other = await writer.createUntilFinal(
      "foreign-token",
      payment({ payment_method: "tok_of_another_merchant" }),
      30_000,
    );
    expect([one.status, one.body["code"], one.body["decline"]]).to.deep.equal([
      402,
      "payment_declined",
      other.body["decline"],
    ]);
  });

  it("52 another merchant's payment answers byte for byte like an unknown one, but for its request id", async () => {
    const foreign = await Merchant.signIn(cluster.info, 1);
    const made = await foreign.createUntilFinal("foreign", payment(), 60_000);
    const id = String(made.body["id"]);
    const unknown = `${id.slice(0, -4)}${id.endsWith("0000") ? "1111" : "0000"}`;
    const answers = [await writer.get(id), await writer.get(unknown)];
    const texts = answers.map(({ status, text, body }) => `${status} ${text.replace(String(body["request_id"]), "")}`);
    expect(texts[0]).to.equal(texts[1]);
    expect(answers[0]?.status).to.equal(404);
    await foreign.close();
  });

  it("runs as many cases as the catalogue has rows", () => expect(ran).to.equal(BAD_INPUT.length));
  it("leaves the books in order", () => expectInvariants(cluster));
});
