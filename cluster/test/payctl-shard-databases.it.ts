/** Where a payment is found among the shards' databases, on a real PostgreSQL, while one of them does not answer. */
import { expect } from "chai";
import { type SilentServer, startSilentServer } from "./rig/silent-server.ts";
import { activated } from "../../storage/contract.ts";
import { eventually, type TestCluster, testCluster } from "../../storage/test/cluster.ts";
import { acceptedDecision, batchOf, claimOf } from "../../storage/test/fixtures.ts";
import { onPayment, type ShardDatabase } from "../../ops/cli/shard-databases.ts";

/** Of PostgreSQL's protocol: the password is not asked for, and queries may come. */
const WELCOME = Buffer.from("R\0\0\0\b\0\0\0\0Z\0\0\0\u0005I", "latin1");

describe("the database of a payment (needs postgres)", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let silent: SilentServer;
  let own: ShardDatabase;
  let other: ShardDatabase;
  /** Lets in and says nothing more: it would be waited for for ever. */
  let mute: ShardDatabase;
  const accepted = acceptedDecision();
  const { id, slot } = accepted.payment.terms;

  before(async function () {
    const made = await testCluster(2);
    if (made === undefined) this.skip();
    cluster = made;
    for (const shard of [0, 1]) await cluster.empty(shard);
    await cluster.inShard(0, (client) =>
      client.query("INSERT INTO shard_slot (slot, state) VALUES ($1, 'owned') ON CONFLICT DO NOTHING", [slot]),
    );
    const store = cluster.open(0, "a");
    const head = await activated(store, claimOf("a", 1n));
    expect((await store.commit(head.lease, batchOf(head, [accepted]))).kind).to.equal("committed");
    await store.close();
    const dsnOf = (shard: number): string => cluster.shards[shard]?.ownerDsn ?? "";
    own = { id: 0, dsn: dsnOf(0) };
    other = { id: 1, dsn: dsnOf(1) };
  });
  beforeEach(async () => {
    silent = await startSilentServer(WELCOME);
    mute = { id: 7, dsn: `postgres://x:y@${silent.address}/none` };
  });
  afterEach(async () => silent?.close());
  after(async () => cluster?.drop());

  it("is the one that owns the payment's slot: nobody else is waited for, and nothing lingers", async () => {
    const found = await onPayment([mute, other, own], id, async (_, { paymentId }, shard) => [paymentId, shard.id]);
    expect(found).to.deep.equal([id, 0]);
    await eventually(() => (silent.standing() === 0 ? true : undefined));
  });

  it("is any that knows it, once all have answered, when none owns its slot", async () => {
    await cluster.inShard(0, (client) => client.query("UPDATE shard_slot SET state = 'frozen'"));
    try {
      const found = await onPayment([other, own], id, async (_, { slotState }, shard) => [slotState, shard.id]);
      expect(found).to.deep.equal(["frozen", 0]);
    } finally {
      await cluster.inShard(0, (client) => client.query("UPDATE shard_slot SET state = 'owned'"));
    }
  });

  it("is not to be found while one that may have it is silent", async () => {
    const gone = { id: 7, dsn: "postgres://x:y@127.0.0.1:9/none" };
    const failure = await onPayment([gone, other], id, async () => null).catch((error: unknown) => error);
    expect(failure).to.include({ exit: "other" });
    expect((failure as Error).message).to.include("shard 7 cannot");
  });
});
