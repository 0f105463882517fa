/**
 * H6-H8: notifications for a shard that cannot commit, that never come, and a thousand a second. An acknowledged one is on
 * disk somewhere, has its effect once, and none of them is needed.
 */
import { expect } from "chai";
import pg from "pg";
import { Agent, request } from "undici";
import { bytesOfId, firstOperationOf, type PaymentId } from "../../../actors/domain/index.ts";
import { stripeSignature } from "../../../ops/sandbox/gateways/webhook-signature.ts";
import { SANDBOX_WEBHOOK_SECRETS } from "../../../ops/sandbox/node-config.ts";
import { Cluster, queryOne, until } from "../rig/cluster.ts";
import { factsOf, noticesOf } from "../rig/findings.ts";
import { inParallel } from "../rig/in-parallel.ts";
import { expectInvariants } from "../rig/invariants.ts";
import { cancel, capture, limitRate, Merchant, refund } from "../rig/merchant.ts";
import { limitArgs } from "../rig/node-settings.ts";
import { noticeOfOperation, order } from "../rig/simulators.ts";
import { AMOUNT, bodyOf, GATEWAYS, METHODS } from "./gateway-cases.ts";

const WITHIN_MS = 60_000;
/** Short, but a notification may be offered to four shards, each for a second, before its sender is told. */
const LIMITS = { answerWithinMs: 4_000, gatewayCallMs: 5_000, sameKeyGraceMs: 5_000 } as const;
const FLOOD = 3_000;
const FLOOD_AT_ONCE = 64;
const FLOOD_PAYMENTS = 100;

describe("webhooks of gateways under stress", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchant: Merchant;
  let other: Merchant;

  before(async () => {
    cluster = await Cluster.start(...limitArgs(LIMITS));
    [merchant, other] = (await Merchant.signInMany(cluster.info, 2)) as [Merchant, Merchant];
    await limitRate(cluster, [merchant, other], 100_000);
  });
  after(async () => {
    await merchant?.close();
    await other?.close();
    await cluster?.dispose();
  });

  const versionOf = async (id: string): Promise<number> => Number((await merchant.get(id)).body["version"]);
  const mute = async (isMute: boolean): Promise<void> => {
    for (const gateway of GATEWAYS) await order(cluster, gateway, "mode", { mute: isMute });
  };

  describe("H6: a shard that cannot commit", () => {
    const shardOf = async (id: string): Promise<number> => {
      for (const { id: shard, ownerDsn } of cluster.info.postgres.shards)
        if (
          (await queryOne(ownerDsn, `SELECT 1 FROM payment WHERE id = encode($1, 'hex')::uuid`, [bytesOfId(id)]))
            .length > 0
        )
          return shard;
      throw new Error(`${id} is nowhere`);
    };

    it("H6 200 and a receipt at a healthy shard, handed over later, one effect there", async () => {
      const id = await merchant.pay("spooled", bodyOf("adyen", "manual", "tok_webhook_lost"));
      await merchant.untilFinal(capture("spooled-c", id), WITHIN_MS, "orPending");
      const before = await versionOf(id);
      const locks = await lockShards(cluster, [await shardOf(id)]);
      try {
        const told = await noticeOfOperation(cluster, id, "capture", true, { times: 3 });
        expect(told.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
        const spooled = await cluster.query("SELECT 1 FROM gateway_event WHERE state = 'spooled' AND type = 'CAPTURE'");
        expect(spooled.length, "a receipt on disk").to.be.at.least(1);
      } finally {
        await locks.release();
      }
      await until("it is handed over", WITHIN_MS, async () => (await factsOf(cluster, id)).includes("captured"));
      expect(await versionOf(id)).to.equal(before + 1);
      await until(
        "no receipt is left",
        WITHIN_MS,
        async () => (await cluster.query("SELECT 1 FROM gateway_event WHERE state = 'spooled'")).length === 0,
      );
      expect((await noticesOf(cluster, id)).filter((row) => row === "processed applied").length).to.equal(1);
    });

    it("H6 503 when no shard can commit, nothing is on disk, and the gateway's next try has its effect", async () => {
      const id = await merchant.pay("nowhere", bodyOf("adyen", "manual", "tok_webhook_lost"));
      await merchant.untilFinal(capture("nowhere-c", id), WITHIN_MS, "orPending");
      const rows = await noticesOf(cluster, id);
      const locks = await lockShards(
        cluster,
        cluster.info.postgres.shards.map((shard) => shard.id),
      );
      try {
        const [receipt] = await noticeOfOperation(cluster, id, "capture", true);
        expect(receipt?.status, receipt?.body).to.equal(503);
      } finally {
        await locks.release();
      }
      expect(await noticesOf(cluster, id)).to.deep.equal(rows);
      await until("it is taken", WITHIN_MS, async () =>
        (await noticeOfOperation(cluster, id, "capture", true)).every(({ status }) => status === 200),
      );
      await until("it has its effect", WITHIN_MS, async () => (await factsOf(cluster, id)).includes("captured"));
    });
  });

  describe("H7: all are lost", () => {
    before(() => mute(true));
    after(() => mute(false));

    it("H7 202, and then final by polling alone", async () => {
      const sold = await merchant.pay("lost-sale", bodyOf("stripe", "automatic", "tok_refund_timeout_refunded"));
      const pending = await merchant.pay("lost-pending", bodyOf("stripe", "automatic", "tok_refund_pending"));
      const held = await merchant.pay("lost-held", bodyOf("stripe", "manual", "tok_capture_timeout_charged"));
      const voided = await merchant.pay("lost-void", bodyOf("stripe", "manual"));
      const calls = [
        refund("lost-r", sold),
        refund("lost-p", pending),
        capture("lost-c", held),
        cancel("lost-v", voided),
      ];
      const answers = await Promise.all(calls.map((call) => merchant.untilFinal(call, WITHIN_MS)));
      expect(answers.map(({ status }) => status)).to.deep.equal([201, 201, 200, 200]);
      for (const gateway of GATEWAYS)
        for (const method of METHODS)
          await merchant.pay(`lost-${gateway}-${method}`, bodyOf(gateway, method, "tok_timeout_charged"), WITHIN_MS);
    });
  });

  describe("H8: a flood at one merchant", () => {
    it(`H8 ${FLOOD} notifications while payments go on: 200 or 503, each 200 is on disk, and every payment ends`, async () => {
      const id = await merchant.pay("flooded", bodyOf("stripe", "automatic"));
      const about = await eventAbout(cluster, id);
      const receipts = new Map<string, number>();
      const agent = new Agent({ connections: FLOOD_AT_ONCE });
      const startedMs = performance.now();
      let floodMs = 0;
      const flood = inParallel(
        Array.from({ length: FLOOD }, (_, n) => `evt_flood_${n}`),
        FLOOD_AT_ONCE,
        async (event) => {
          const body = JSON.stringify({ ...about, id: event });
          const { statusCode, body: answer } = await request(`${cluster.info.apiUrl}/v1/webhooks/stripe`, {
            method: "POST",
            headers: {
              "content-type": "application/json",
              "stripe-signature": stripeSignature(
                body,
                [SANDBOX_WEBHOOK_SECRETS.stripe],
                Math.floor(Date.now() / 1_000),
              ),
            },
            body,
            dispatcher: agent,
          });
          await answer.dump();
          receipts.set(event, statusCode);
        },
      ).then(() => (floodMs = performance.now() - startedMs));
      const payments = [merchant, other].map((one, m) =>
        inParallel(
          Array.from({ length: FLOOD_PAYMENTS }, (_, n) => `flood-${m}-${n}`),
          8,
          async (key) => void (await one.pay(key, bodyOf("stripe", "automatic"), WITHIN_MS)),
        ),
      );
      await Promise.all([flood, ...payments]);
      await agent.close();
      console.log(`      ${Math.round((1_000 * FLOOD) / floodMs)} notifications/s, beside payments of two merchants`);
      const seen = new Set(receipts.values());
      expect([...seen].filter((status) => status !== 200 && status !== 503)).to.deep.equal([]);
      const rows = await cluster.query<{ readonly key: string }>(
        "SELECT dedupe_key AS key FROM gateway_event WHERE dedupe_key LIKE '%evt_flood_%'",
      );
      const onDisk = new Set(rows.map(({ key }) => /evt_flood_\d+/.exec(key)?.[0]));
      const taken = [...receipts].filter(([, status]) => status === 200).map(([event]) => event);
      expect(
        taken.filter((event) => !onDisk.has(event)),
        "acknowledged and not on disk",
      ).to.deep.equal([]);
      expect(taken.length).to.be.greaterThan(0);
    });
  });

  describe("afterwards", () => {
    it("leaves the books in order", () => expectInvariants(cluster));
  });
});

/** What Stripe tells of a charge that went well, as an event without a name. */
async function eventAbout(cluster: Cluster, id: string): Promise<Readonly<Record<string, unknown>>> {
  const [row] = await cluster.query<Record<"account" | "reference", string>>(
    `SELECT gateway_account AS account, gateway_reference AS reference FROM payment_current
      WHERE id = encode($1, 'hex')::uuid`,
    [bytesOfId(id)],
  );
  const operation = firstOperationOf(id as PaymentId);
  const object = {
    id: row?.reference,
    object: "payment_intent",
    amount: AMOUNT,
    amount_received: AMOUNT,
    currency: "eur",
    status: "succeeded",
    metadata: { payment_id: id, operation_id: operation },
  };
  return {
    object: "event",
    account: row?.account,
    livemode: false,
    type: "payment_intent.succeeded",
    data: { object },
  };
}

/** Nothing can be committed in these shards until they are released. */
async function lockShards(cluster: Cluster, shards: readonly number[]): Promise<{ release(): Promise<void> }> {
  const clients = await Promise.all(
    cluster.info.postgres.shards
      .filter(({ id }) => shards.includes(id))
      .map(async ({ ownerDsn }) => {
        const client = new pg.Client({ connectionString: ownerDsn });
        await client.connect();
        await client.query("BEGIN; SELECT 1 FROM shard_lease FOR UPDATE");
        return client;
      }),
  );
  return { release: async () => void (await Promise.all(clients.map((client) => client.end()))) };
}
