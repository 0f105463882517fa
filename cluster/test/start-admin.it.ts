/** The admin service on real databases: operators of the control database, and an actor's memory beside its shard's. */
import { expect } from "chai";
import { randomBytes } from "node:crypto";
import type { ActorInspection } from "../../actors/index.ts";
import { activated } from "../../storage/contract.ts";
import { addOperator, revokeOperator } from "../../storage/index.ts";
import { eventually, type TestCluster, testCluster } from "../../storage/test/cluster.ts";
import { acceptedDecision, batchOf, claimOf } from "../../storage/test/fixtures.ts";
import { openAdminClient } from "../admin/admin-client.ts";
import type { AdminServer } from "../admin/admin-server.ts";
import { hashOperatorToken, mintOperatorToken } from "../admin/operator-tokens.ts";
import type { AdminAnswer } from "../admin/question.ts";
import { startAdmin } from "../admin/start-admin.ts";
import { systemClock } from "../clock.ts";
import { silentLog, TWO_NODES } from "./rig/admin-world.ts";

const keys = { derive: (purpose: string): Uint8Array => Buffer.alloc(32, purpose) };
const LIVE: ActorInspection = {
  shard: 0,
  atMs: 0,
  mode: "serving",
  epoch: "1",
  slotsVersion: "1",
  slots: 3,
  lastSeq: "1",
  mailboxDepth: 0,
  commit: { inFlight: null, intents: 0, outcomes: 0, isHealthy: true, acknowledgedAgoMs: 0 },
  remembered: 0,
  notices: 0,
  openOperations: 0,
  receivedOperations: 0,
  operations: [],
};

describe("the admin service on real databases", function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let server: AdminServer;
  const token = mintOperatorToken({ bytes: (count) => randomBytes(count) });

  before(async function () {
    const made = await testCluster(1);
    if (made === undefined) this.skip();
    cluster = made;
    server = await startAdmin({
      node: "node-1",
      host: "127.0.0.1",
      port: 0,
      controlDsn: cluster.control.dsn,
      keys,
      view: () => ({ cluster: TWO_NODES, readAgoMs: 0 }),
      snapshots: async () => [],
      inspect: async () => LIVE,
      dsnOf: () => cluster.shards[0]?.dsn,
      setDraining: async () => true,
      setGatewayStop: async () => true,
      gatewayAccounts: () => [],
      breakers: async () => [],
      checkNow: async () => undefined,
      trace: async () => {},
      merchantSlot: () => undefined,
      shardOfSlot: () => 0,
      addressOf: () => undefined,
      clock: systemClock,
      log: silentLog,
    });
  });
  after(async () => {
    await server?.close();
    await cluster?.drop();
  });

  async function ask(operation: string, args: Readonly<Record<string, unknown>> = {}): Promise<AdminAnswer> {
    const client = await openAdminClient(server.address, token);
    try {
      return (await client.ask({ operation, arguments: args, reason: null, forwarded: false }, 10_000)).answer;
    } finally {
      client.close();
    }
  }

  it("knows operators as the control database does, and forgets who was revoked", async () => {
    expect(await ask("node.list")).to.deep.include({ ok: false, exit: "auth" });
    const { ownerDsn } = cluster.control;
    await addOperator(
      ownerDsn,
      { name: "ada", role: "read", tokenHash: hashOperatorToken(token, keys) },
      { who: "test" },
    );
    const isKnown = async (): Promise<true | undefined> => ((await ask("node.list")).ok ? true : undefined);
    await eventually(isKnown);
    await revokeOperator(ownerDsn, "ada", { who: "test", reason: "over" });
    await eventually(async () => ((await isKnown()) === undefined ? true : undefined));
    await addOperator(
      ownerDsn,
      { name: "ada", role: "read", tokenHash: hashOperatorToken(token, keys) },
      { who: "test" },
    );
    await eventually(isKnown);
  });

  it("shows what a shard's database knows and its actor does not", async () => {
    const store = cluster.open(0, "node-1");
    const head = await activated(store, claimOf("node-1", 1n));
    const forgotten = acceptedDecision();
    const outcome = await store.commit(head.lease, batchOf(head, [forgotten]));
    await store.close();
    expect(outcome.kind).to.equal("committed");
    const answer = await ask("actor.inspect", { shard: 0 });
    if (!answer.ok) throw new Error(answer.message);
    const [item] = answer.items as readonly { readonly differences: readonly object[] }[];
    expect(item).to.deep.include({ comparison: "complete", comparison_note: null });
    expect(item?.differences.map((one) => Object.values(one).slice(0, 2))).to.deep.equal([
      ["only on disk", forgotten.payment.operation.id],
    ]);
  });
});
