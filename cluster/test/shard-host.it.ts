/** C1, C3: a shard thread that dies answers its callers, and its actors come back from their databases. */
import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, type Worker } from "node:worker_threads";
import { type MerchantId, mintId, SLOT_COUNT, slotOfMerchant } from "../../actors/domain/index.ts";
import type { MerchantProfile, PaymentClusterError, ShardReply } from "../../actors/index.ts";
import { createPresenter } from "../../router/index.ts";
import { ensureKeyFile, provisionCluster } from "../../storage/index.ts";
import { systemClock, systemRandom } from "../clock.ts";
import { type NodeConfig, parseConfig } from "../config.ts";
import type { AnswerPort } from "../gateway-desk.ts";
import { Remote, remoteOf, transfer } from "../remote.ts";
import { ShardHost } from "../shard-host.ts";
import type { ShardThread } from "../shard-thread.ts";
import type { RequestBatch } from "../thread-batch.ts";
import { until } from "./rig/cluster.ts";

const owner = process.env["TEST_POSTGRES_URL"];
/** Long, so that what was sent is still open when its thread ends, however slow the machine is. */
const GATEWAY_MS = 3_000;
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const merchantId: MerchantId = mintId("mer", 0, 1_750_000_000_000, systemRandom().bytes(8));
const merchant: MerchantProfile = {
  id: merchantId,
  slot: slotOfMerchant(merchantId),
  gateways: [{ name: "fixed-latency", account: "test" }],
  currencies: null,
  rateLimitPerSecond: 1_000_000,
};

describe("shard host (needs postgres)", function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), "payment-cluster-host-"));
  const replies = new Map<number, ShardReply>();
  const workers: Worker[] = [];
  /** What the host logs as errors. */
  const errors: Readonly<Record<string, unknown>>[] = [];
  const seen = (worker: Worker): void => void workers.push(worker);
  let host: ShardHost;
  let ticket = 0;
  let servings = 0;
  let dsn = "";

  before(async function () {
    if (owner === undefined) {
      this.skip();
      return;
    }
    process.on("worker", seen);
    const keyFile = join(folder, "keys.json");
    ensureKeyFile(keyFile);
    const prefix = `host_${randomUUID().slice(0, 8)}`;
    const slotsOf = (): readonly number[] => Array.from({ length: SLOT_COUNT }, (_, slot) => slot);
    const { control, shards } = await provisionCluster({
      controlServer: owner,
      shardServers: [owner],
      shardCount: 1,
      prefix,
      slotsOf,
    });
    const config = parseConfig({
      mode: "sandbox",
      node: { id: "test-node" },
      api: { host: "127.0.0.1", port: 0 },
      admin: { host: "127.0.0.1", port: 0 },
      control: { dsn: control.dsn },
      keys: { file: keyFile },
      gateways: { stripe: null, adyen: null, fixedLatency: { delayMs: GATEWAY_MS } },
      workers: 1,
    }) as NodeConfig;
    host = new ShardHost({
      config,
      shardCount: 1,
      merchants: () => [merchant],
      presenter: createPresenter(),
      onReplies: (batch) => {
        for (const reply of batch) replies.set(reply.ticket, { ...reply, body: reply.body.slice() });
      },
      onUnserved: (_, refused) => void replies.set(refused.ticket, refused),
      onNotices: () => {},
      onServing: () => void servings++,
      onStray: () => {},
      clock: systemClock,
      log: { ...quiet, error: (fields) => void errors.push(fields) },
    });
    host.start();
    dsn = shards[0]?.dsn ?? "";
    host.serve({ id: 0, dsn, generation: 1n, patienceMs: 0 });
    await served();
  });
  after(async () => {
    process.off("worker", seen);
    await host?.drain(1_000);
    rmSync(folder, { recursive: true, force: true });
  });

  const served = (): Promise<void> =>
    until(
      "the shard is served",
      20_000,
      async () => host.serving.includes(0) && (await host.snapshots()).some(({ mode }) => mode === "serving"),
    );

  /** Sends one payment; its ticket. */
  function send(key: string): number {
    const body = Buffer.from('{"amount":100,"currency":"EUR","payment_method":"tok_visa"}');
    host.submit(0, {
      kind: "createPayment",
      ticket: ++ticket,
      requestId: `req-${ticket}`,
      merchantId,
      idempotencyKey: key,
      body,
      receivedAtMs: systemClock.monotonicMs(),
      handedOverAtMs: systemClock.monotonicMs(),
      rate: null,
    });
    return ticket;
  }
  const answered = (number: number): Promise<void> => until("an answer", 15_000, async () => replies.has(number));

  const detailOf = (number: number): unknown =>
    (JSON.parse(Buffer.from((replies.get(number) as ShardReply).body).toString()) as { detail: unknown }).detail;

  it("C1 answers 503 to every caller of a thread that died, rebuilds it, and charges the key once", async () => {
    const sent = Array.from({ length: 20 }, (_, n) => send(`c1-${n}`));
    await until("operations are open", 10_000, async () =>
      (await host.snapshots()).some(({ openOperations }) => openOperations === 20),
    );
    const before = workers.length;
    await workers.at(-1)?.terminate();
    const inTheGap = send("c1-gap");
    expect(replies.get(inTheGap)?.code, "refused at once while no thread is there").to.equal("shard_unavailable");
    for (const number of sent) await answered(number);
    for (const number of sent) {
      const reply = replies.get(number) as ShardReply;
      expect([reply.status, reply.code, reply.retryAfterS]).to.deep.equal([503, "shard_unavailable", 1]);
      expect(detailOf(number), "its payment is stored and perhaps charged").to.match(/not known .* same key/);
    }
    await served();
    expect(workers.length).to.equal(before + 1);
    const again = send("c1-0");
    await answered(again);
    expect(replies.get(again)?.status, "the operation of the first try goes on").to.equal(202);
    const fresh = send("after-death");
    await answered(fresh);
    expect(replies.get(fresh)?.status).to.equal(201);
  });

  /** Makes the shard thread throw in a one-way message; its open callers must be answered, and the thread rebuilt. */
  async function poisoned(name: string, poison: (api: Remote<ShardThread>["api"]) => Promise<void>): Promise<void> {
    const sent = Array.from({ length: 5 }, (_, n) => send(`${name}-${n}`));
    await until("operations are open", 10_000, async () =>
      (await host.snapshots()).some(({ openOperations }) => openOperations >= sent.length),
    );
    const before = workers.length;
    const remote = new Remote<ShardThread>(workers.at(-1) as Worker, () => {});
    void poison(remote.api).catch(() => undefined); // what comes back says nothing to those who wait
    for (const number of sent) await answered(number);
    expect(sent.map((number) => replies.get(number)?.code)).to.deep.equal(sent.map(() => "shard_unavailable"));
    await served();
    expect(workers.length).to.equal(before + 1);
    expect(
      errors.some(({ reason }) => String(reason).includes("TypeError")),
      "the fault is in the log",
    ).to.equal(true);
  }

  it("C1 ends a thread that threw while it took a batch: nobody waits for an answer that cannot come", async () => {
    await poisoned("batch", (api) => api.submitBatch(null as unknown as RequestBatch));
  });

  it("C1 ends a thread that threw while it took a gateway's answers", async () => {
    await poisoned("answers", async (api) => {
      const { port1, port2 } = new MessageChannel();
      await api.attachGateway(0, transfer(port2, [port2]));
      await remoteOf<AnswerPort>(port1).onAnswers(null as unknown as []);
    });
  });

  it("gives a shard up and takes it back: what comes in between is told that it is not served here", async () => {
    const [before] = await host.snapshots();
    await host.release(0, 5_000);
    await until("it is told", 5_000, async () => host.serving.length === 0);
    const inTheGap = send("gap");
    expect(replies.get(inTheGap)?.code).to.equal("shard_unavailable");
    expect([...host.given]).to.deep.equal([]);
    host.serve({ id: 0, dsn, generation: 2n, patienceMs: 0 });
    await until("it is served again", 20_000, async () => host.serving.includes(0));
    const [after] = await host.snapshots();
    expect(Number(after?.epoch)).to.equal(Number(before?.epoch) + 1);
    const fresh = send("after-gap");
    await answered(fresh);
    expect(replies.get(fresh)?.status).to.equal(201);
    expect(servings, "served, given up, served").to.be.at.least(3);
  });

  it("serves the newest of what it is told in a row, and nothing once that was taken back", async () => {
    host.serve({ id: 0, dsn, generation: 3n, patienceMs: 0 });
    host.serve({ id: 0, dsn, generation: 4n, patienceMs: 0 });
    host.serve({ id: 0, dsn, generation: 5n, patienceMs: 0 });
    await host.release(0, 5_000);
    expect(await host.snapshots(), "whatever was still to begin").to.deep.equal([]);
    host.serve({ id: 0, dsn, generation: 6n, patienceMs: 0 });
    host.serve({ id: 0, dsn, generation: 7n, patienceMs: 0 });
    await served();
    expect((await host.snapshots()).length).to.equal(1);
    const fresh = send("after-changes");
    await answered(fresh);
    expect(replies.get(fresh)?.status).to.equal(201);
  });

  it("settles calls to a dead worker, which comlink alone never does", async () => {
    const { Worker: Thread } = await import("node:worker_threads");
    const silent = new Thread("setInterval(() => {}, 1000)", { eval: true });
    const remote = new Remote<{ ask(): Promise<number> }>(silent, () => {});
    const late = await remote.call(50, (api) => api.ask()).catch((error: unknown) => error);
    expect((late as PaymentClusterError).code).to.equal("CALL_TIMED_OUT");
    const pending = remote.call(60_000, (api) => api.ask()).catch((error: unknown) => error);
    await silent.terminate();
    expect(((await pending) as PaymentClusterError).code).to.equal("WORKER_DIED");
    const later = await remote.call(60_000, (api) => api.ask()).catch((error: unknown) => error);
    expect((later as PaymentClusterError).code).to.equal("WORKER_DIED");
  });
});
