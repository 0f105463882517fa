import { expect } from "chai";
import { MessageChannel } from "node:worker_threads";
import { type EventId, mintId } from "../actors/domain/index.ts";
import type { Clock, Dispatch, Dispatched } from "../actors/index.ts";
import { mintSecret, sign, type WebhookOutcome, type WebhookRequest } from "../actors/webhooks/index.ts";
import { DispatchBench, DispatchDesks, type DispatchPort } from "./dispatch-desk.ts";
import type { Tagged } from "./gateway-desk.ts";
import { exposeOn } from "./remote.ts";

const NOW_MS = 1_750_000_000_500;
const clock: Clock = { nowMs: () => NOW_MS, monotonicMs: () => 7, after: () => () => {} };
const eventId: EventId = mintId("evt", 0, NOW_MS, new Uint8Array(8));
const secrets = [1, 2].map((n) => mintSecret({ bytes: (count) => new Uint8Array(count).fill(n) }));
const body = Buffer.from('{"id":1}');
const dispatch = (more: Partial<Dispatch> = {}): Dispatch => ({
  deliveryKey: "1",
  isQuick: true,
  url: "https://shop.example/hooks",
  eventId,
  body,
  secrets,
  ...more,
});

describe("dispatch bench", () => {
  /** What became of one try, and what was sent. */
  async function run(one: Dispatch, outcome: WebhookOutcome): Promise<readonly [Tagged<Dispatched>, WebhookRequest[]]> {
    const requests: WebhookRequest[] = [];
    const sender = {
      send: (request: WebhookRequest) => {
        requests.push(request);
        return Promise.resolve(outcome);
      },
      close: () => Promise.resolve(),
    };
    const answer = await new Promise<Tagged<Dispatched>>((resolve) => {
      const bench = new DispatchBench(
        () => sender,
        ([first]) => resolve(first as Tagged<Dispatched>),
        clock,
      );
      bench.run({ shard: 3, item: one });
    });
    return [answer, requests];
  }

  it("signs each try with every secret and tells what became of it", async () => {
    const answered: WebhookOutcome = { kind: "answered", status: 429, retryAfterMs: 5_000, tookMs: 12 };
    const [answer, [request]] = await run(dispatch(), answered);
    expect(answer).to.deep.equal({
      shard: 3,
      item: { deliveryKey: "1", outcome: { kind: "answered", status: 429, retryAfterMs: 5_000 }, tookMs: 0 },
    });
    expect(request).to.deep.include({ url: "https://shop.example/hooks", body, isQuick: true });
    expect(request?.headers).to.deep.equal({
      "webhook-id": eventId,
      "webhook-timestamp": "1750000000",
      "webhook-signature": sign(eventId, 1_750_000_000, body, secrets),
    });
  });

  it("passes on why nothing was sent, and sends nothing that it cannot sign", async () => {
    const [refused] = await run(dispatch(), { kind: "refused", reason: "address_not_allowed" });
    expect(refused.item.outcome).to.deep.equal({ kind: "refused", reason: "address_not_allowed" });
    const [unsigned, requests] = await run(dispatch({ secrets: ["whsec_no"] }), { kind: "failed", reason: "timeout" });
    expect([unsigned.item.outcome, requests]).to.deep.equal([{ kind: "failed", reason: "not_sent" }, []]);
  });
});

describe("dispatch desks", () => {
  const ports: MessageChannel[] = [];
  afterEach(() => {
    for (const { port1, port2 } of ports.splice(0)) {
      port1.close();
      port2.close();
    }
  });
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it("hand tries to the threads that run, in turns, each with bytes of its own", async () => {
    const seen: string[] = [];
    const desks = new DispatchDesks(() => {});
    for (const index of [0, 1]) {
      const channel = new MessageChannel();
      ports.push(channel);
      const api: DispatchPort = {
        dispatch: (tries) =>
          void seen.push(
            ...tries.map(({ shard, item }) => {
              const text = Buffer.from(item.body).toString();
              return `${index} ${shard} ${item.deliveryKey} ${text} ${item.body.buffer.byteLength}`;
            }),
          ),
      };
      exposeOn(api, channel.port2);
      desks.attach(index, channel.port1);
    }
    const block = Buffer.from("a block of the database");
    const view = block.subarray(2, 7);
    desks.forShard(5).submit([dispatch({ body: view }), dispatch({ deliveryKey: "2", body: view })]);
    while (seen.length < 2) await tick();
    desks.forShard(6).submit([dispatch({ deliveryKey: "3", body: view })]);
    while (seen.length < 3) await tick();
    expect(seen).to.deep.equal(["0 5 1 block 5", "0 5 2 block 5", "1 6 3 block 5"]);
    expect(view.toString(), "ours is untouched").to.equal("block");
  });

  it("without any thread say that nothing was tried", async () => {
    const answers = await new Promise<readonly Tagged<Dispatched>[]>((resolve) => {
      new DispatchDesks(resolve).forShard(5).submit([dispatch()]);
    });
    expect(answers).to.deep.equal([
      { shard: 5, item: { deliveryKey: "1", outcome: { kind: "failed", reason: "busy" }, tookMs: 0 } },
    ]);
  });
});
