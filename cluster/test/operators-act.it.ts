/** Operators act on a running cluster of two nodes: gateways out of use and back, and payments looked at now. */
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AdminAnswer, type AdminFinding, openAdminClient } from "../index.ts";
import { Cluster, queryOne, until } from "./rig/cluster.ts";
import { onControl } from "./rig/control.ts";
import { type Answer, limitRate, Merchant } from "./rig/merchant.ts";
import { limitArgs } from "./rig/node-settings.ts";

const WITHIN_MS = 30_000;
const body = (gateway: string, more: object = {}) => ({
  amount: 1_000,
  currency: "EUR",
  payment_method: "tok_visa",
  gateway,
  ...more,
});
const codeOf = ({ body: { code } }: Answer): unknown => code;

describe("operators act", function () {
  this.timeout(240_000);
  let cluster: Cluster;
  /** The same merchant at each node. */
  let doors: readonly Merchant[] = [];
  let keys = 0;

  before(async () => {
    // The gateway's call ends soon, so that a payment whose answer never comes is in doubt soon; no check comes by itself.
    cluster = await Cluster.start(
      "--nodes",
      "2",
      "--merchants",
      "1",
      ...limitArgs({ answerWithinMs: 1_500, gatewayCallMs: 2_000, sameKeyGraceMs: 2_000 }),
    );
    doors = await Promise.all(cluster.nodes.map(({ apiUrl }) => Merchant.signIn({ ...cluster.info, apiUrl })));
    await limitRate(cluster, doors, 100_000);
  });
  after(async () => {
    await Promise.all(doors.map((door) => door.close()));
    await cluster?.dispose();
  });

  /** Asks node number `at`. */
  async function ask(operation: string, args: object, at = 0, reason: string | null = "a test"): Promise<AdminAnswer> {
    const token = readFileSync(join(cluster.dataDir, "operator.token"), "utf8").trim();
    const client = await openAdminClient(cluster.nodes[at]?.adminGrpcAddress as string, token);
    const { answer } = await client.ask({ operation, arguments: { ...args }, reason, forwarded: false }, WITHIN_MS);
    client.close();
    return answer;
  }
  async function done(...asked: Parameters<typeof ask>): Promise<AdminFinding> {
    const answer = await ask(...asked);
    if (!answer.ok) throw new Error(answer.message);
    return answer;
  }
  const pay = (door: number, gateway: string, more: object = {}): Promise<Answer> =>
    (doors[door] as Merchant).create(`key-${++keys}`, body(gateway, more));
  /** What each node answers to a new payment. */
  const codes = async (gateway: string): Promise<readonly unknown[]> =>
    (await Promise.all(doors.map((_, door) => pay(door, gateway)))).map((answer) => codeOf(answer) ?? answer.status);
  const audit = (action: string) =>
    onControl<{ who: string; subject: string; reason: string; before: string; after: string }>(
      cluster,
      "SELECT who, subject, reason, before, after FROM audit WHERE action = $1 ORDER BY id",
      [action],
    );

  describe("on a gateway", () => {
    it("disable: both nodes refuse within moments, write nothing, and use the other gateway; enable: they take", async () => {
      expect(await codes("stripe")).to.deep.equal([201, 201]);
      const { items } = await done("gateway.disable", { gateway: "stripe" }, 1, "their outage");
      expect(items[0]).to.include({ gateway: "stripe", enabled: false });
      await until("both refuse", 10_000, async () =>
        (await codes("stripe")).every((code) => code === "gateway_unavailable"),
      );
      const rows = async () =>
        (await cluster.query<{ n: string }>("SELECT count(*) AS n FROM journal")).map(({ n }) => n);
      const before = await rows();
      expect(await codes("stripe")).to.deep.equal(["gateway_unavailable", "gateway_unavailable"]);
      expect(await rows()).to.deep.equal(before);
      const chosen = await pay(0, "auto");
      expect([chosen.status, chosen.body["gateway"]]).to.deep.equal([201, "adyen"]);

      const listed = (await done("gateway.list", {})).items as readonly Record<string, unknown>[];
      const mine = listed.filter((one) => one["gateway"] === "stripe");
      expect(mine.length).to.be.at.least(1);
      for (const one of mine)
        expect(one).to.include({ enabled: false, disabled: "gateway", disabled_reason: "their outage" });
      expect(listed.find((one) => one["gateway"] === "adyen")).to.include({ enabled: true, disabled: null });

      const again = await done("gateway.disable", { gateway: "stripe" }, 0, "once more");
      expect(again.notes.join()).to.include("it was so already");
      await done("gateway.enable", { gateway: "stripe" }, 0, "it is over");
      await until("both take", 10_000, async () => (await codes("stripe")).every((code) => code === 201));
      const trace = (await audit("gateway.set_use")).map(({ subject, reason, before: was, after: is }) => [
        subject,
        reason,
        was,
        is,
      ]);
      expect(trace).to.deep.equal([
        ["stripe", "their outage", "enabled", "disabled"],
        ["stripe", "it is over", "disabled", "enabled"],
      ]);
    });

    it("one that is unknown, without a reason, or only rehearsed changes nothing", async () => {
      expect(await ask("gateway.disable", { gateway: "paypal" })).to.include({ ok: false, exit: "usage" });
      expect(await ask("gateway.disable", { gateway: "stripe", account: "none" })).to.include({ exit: "notFound" });
      expect(await ask("gateway.disable", { gateway: "stripe" }, 0, null)).to.include({ exit: "usage" });
      const rehearsed = await done("gateway.disable", { gateway: "stripe", dryRun: true }, 0, null);
      expect(rehearsed.notes.join()).to.include("dry run: stripe would be disabled");
      expect(await codes("stripe")).to.deep.equal([201, 201]);
    });

    it("stays as it was last said while the control database is away", async () => {
      await done("gateway.disable", { gateway: "stripe" }, 0, "before it goes");
      await until("both refuse", 10_000, async () =>
        (await codes("stripe")).every((code) => code === "gateway_unavailable"),
      );
      const { control, shards } = cluster.info.postgres;
      const database = new URL(control.ownerDsn).pathname.slice(1);
      const other = shards.find(({ ownerDsn }) => new URL(ownerDsn).port === new URL(control.ownerDsn).port);
      const allow = (yes: boolean) =>
        queryOne(other?.ownerDsn as string, `ALTER DATABASE "${database}" ALLOW_CONNECTIONS ${yes}`);
      await allow(false);
      try {
        await queryOne(
          other?.ownerDsn as string,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
          [database],
        );
        const isOld = async (at: number) => (await done("node.list", {}, at)).notes.join().includes("has not answered");
        await until("both nodes miss it", WITHIN_MS, async () => (await isOld(0)) && (await isOld(1)));
        expect(await codes("stripe")).to.deep.equal(["gateway_unavailable", "gateway_unavailable"]);
        expect(await codes("adyen")).to.deep.equal([201, 201]);
        expect(await ask("gateway.enable", { gateway: "stripe" })).to.include({ ok: false });
      } finally {
        await allow(true);
      }
      await until(
        "it can be enabled again",
        WITHIN_MS,
        async () => (await ask("gateway.enable", { gateway: "stripe" })).ok,
      );
      await until("both take", 10_000, async () => (await codes("stripe")).every((code) => code === 201));
    });
  });

  describe("on a payment", () => {
    for (const at of [0, 1])
      it(`resolve, asked of node ${at + 1}: the gateway is asked now, its fact is taken, all of it is told and traced`, async () => {
        const paid = await pay(0, "stripe", { payment_method: "tok_timeout_not_charged" });
        expect(paid.status).to.equal(202);
        const id = paid.body["id"] as string;
        const seen: Record<string, unknown>[] = [];
        await until("it has an end, or is looked at", WITHIN_MS, async () => {
          const { items, notes } = await done("payment.resolve", { id }, at, "the merchant asks");
          seen.push(...(items as readonly Record<string, unknown>[]));
          return notes.join().includes("nothing to resolve");
        });
        const [first] = seen;
        expect(first).to.include({ payment: id, payment_status: "pending", kind: "sale" });
        expect(first?.["before"]).to.have.property("state").that.is.oneOf(["submitted", "unknown"]);
        expect(seen.flatMap(({ heard }) => heard as readonly unknown[]).length, "the gateway was asked").to.be.above(0);
        const found = await (doors[0] as Merchant).send({ method: "GET", path: `/v1/payments/${id}` });
        expect(found.body["status"]).to.equal("captured");
        const ofPayment = async (action: string) =>
          (await audit(action)).filter(({ subject, reason }) => subject === id && reason === "the merchant asks");
        expect((await ofPayment("payment.resolve")).length, "each wish").to.be.above(seen.length - 1);
        expect((await ofPayment("payment.resolved")).length, "each look at something open").to.equal(seen.length);
      });

    it("resolve: nobody's payment, a reader's wish and a missing reason are refused", async () => {
      expect(await ask("payment.resolve", { id: "pay_x" })).to.include({ exit: "usage" });
      const paid = await pay(0, "stripe");
      const id = paid.body["id"] as string;
      expect(await ask("payment.resolve", { id }, 0, null)).to.include({ exit: "usage" });
      expect(await ask("payment.resolve", { id }, 1, null)).to.include({ exit: "usage" });
    });
  });
});
