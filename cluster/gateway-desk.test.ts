import { expect } from "chai";
import { MessageChannel } from "node:worker_threads";
import type { OperationId, PaymentId } from "../actors/domain/index.ts";
import type { Gateway, GatewayAnswer, GatewayCall, GatewayObservation } from "../actors/index.ts";
import { GatewayBench, GatewayDesks, type GatewayPort, type Tagged } from "./gateway-desk.ts";
import { exposeOn } from "./remote.ts";

const call = (more: Partial<GatewayCall> = {}): GatewayCall => ({
  operationId: "op_1" as OperationId,
  paymentId: "pay_1" as PaymentId,
  merchantId: null,
  kind: "sale",
  action: "execute",
  try: 3,
  earlierTryOpen: false,
  gateway: "stripe",
  account: "acct_1",
  gatewayKey: "5c0b6a54-6f0c-5d0e-9a55-0d6f0a1b2c3d",
  gatewayReference: null,
  amountMinor: 1000n,
  currency: "EUR",
  paymentMethod: "tok_visa",
  timeoutMs: 1_000,
  notAfterMs: Number.POSITIVE_INFINITY,
  ...more,
});
const adapter = (run: Gateway["run"]): Gateway =>
  ({ run, close: () => Promise.resolve() }) as Partial<Gateway> as Gateway; // the bench looks at nothing else

describe("gateway bench", () => {
  const observe = (make: () => Gateway | undefined): Promise<GatewayAnswer> =>
    new Promise((resolve) => {
      const bench = new GatewayBench(
        make,
        ([answer]) => resolve((answer as Tagged<GatewayAnswer>).item),
        () => 0,
      );
      bench.run({ shard: 2, item: call() });
    });
  const captured: GatewayObservation = { kind: "captured", reference: "pi_1" };

  const cases: ReadonlyArray<readonly [string, () => Gateway | undefined, GatewayObservation]> = [
    ["an answer", () => adapter(() => Promise.resolve(captured)), captured],
    ["no adapter", () => undefined, { kind: "notSubmitted", reason: "the gateway is not configured on this node" }],
    [
      "an adapter that cannot be made",
      () => {
        throw new TypeError("Invalid URL");
      },
      { kind: "notSubmitted", reason: "the adapter could not be made: Invalid URL" },
    ],
    [
      "a call that rejects",
      () => adapter(() => Promise.reject(new Error("oops"))),
      { kind: "unknown", reason: "the adapter threw: oops" },
    ],
    [
      "a call that throws",
      () =>
        adapter(() => {
          throw new Error("oops");
        }),
      { kind: "unknown", reason: "the adapter threw: oops" },
    ],
  ];
  for (const [name, make, observation] of cases)
    it(`${name} -> ${observation.kind}`, async () => {
      const answer = await observe(make);
      expect(answer.observation).to.deep.equal(observation);
      expect(answer).to.include({ operationId: "op_1", paymentId: "pay_1", try: 3, action: "execute" });
    });
});

describe("gateway bench after a standstill", () => {
  it("calls what is still wanted, and answers for what waited too long without calling", async () => {
    const calls: GatewayCall[] = [];
    const gateway = adapter((made) => {
      calls.push(made);
      return Promise.resolve({ kind: "captured", reference: "pi_1" });
    });
    const answers = await new Promise<readonly Tagged<GatewayAnswer>[]>((resolve) => {
      const bench = new GatewayBench(
        () => gateway,
        resolve,
        () => 5_000,
      );
      for (const notAfterMs of [4_999, 5_000]) bench.run({ shard: 2, item: call({ try: notAfterMs, notAfterMs }) });
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls.map((made) => made.try)).to.deep.equal([5_000]);
    expect(answers[0]?.item).to.deep.include({
      try: 4_999,
      observation: { kind: "notSubmitted", reason: "the call waited too long on this node" },
    });
  });
});

describe("gateway desks", () => {
  const ports: MessageChannel[] = [];
  afterEach(() => {
    for (const { port1, port2 } of ports.splice(0)) {
      port1.close();
      port2.close();
    }
  });

  /** Attaches a gateway thread that only notes what reaches it. */
  function attach(desks: GatewayDesks, index: number, seen: string[]): void {
    const channel = new MessageChannel();
    ports.push(channel);
    const api: GatewayPort = {
      submit: (calls) => void seen.push(...calls.map(({ item }) => `${index}:${item.operationId}`)),
    };
    exposeOn(api, channel.port2);
    desks.attach(index, channel.port1);
  }
  const op = (operationId: string): GatewayCall => call({ operationId: operationId as OperationId });
  const reach = async (seen: readonly string[], count: number): Promise<readonly string[]> => {
    while (seen.length < count) await new Promise((resolve) => setImmediate(resolve));
    return seen;
  };

  it("take turns between the threads that run, and leave out one that died until it is back", async () => {
    const seen: string[] = [];
    const desks = new GatewayDesks(
      undefined,
      () => {},
      () => 0,
    );
    attach(desks, 0, seen);
    attach(desks, 1, seen);
    const desk = desks.forShard(0);
    desk.submit([op("a")]);
    await reach(seen, 1);
    desk.submit([op("b")]);
    expect(await reach(seen, 2)).to.deep.equal(["0:a", "1:b"]);

    desks.detach(0);
    for (const name of ["c", "d"]) {
      desk.submit([op(name)]);
      await reach(seen, name === "c" ? 3 : 4);
    }
    expect(seen.slice(2)).to.deep.equal(["1:c", "1:d"]);
    attach(desks, 0, seen);
    desk.submit([op("e")]);
    await reach(seen, 5);
    desk.submit([op("f")]);
    expect((await reach(seen, 6)).slice(4).toSorted()).to.deep.equal(["0:f", "1:e"]);
  });

  it("without any thread say that nothing was submitted", async () => {
    const answer = await new Promise<Tagged<GatewayAnswer>>((resolve) => {
      const desks = new GatewayDesks(
        undefined,
        ([first]) => resolve(first as Tagged<GatewayAnswer>),
        () => 0,
      );
      desks.forShard(7).submit([op("a")]);
    });
    expect(answer.shard).to.equal(7);
    expect(answer.item.observation).to.deep.equal({
      kind: "notSubmitted",
      reason: "the adapter could not be made: no gateway thread runs",
    });
  });
});
