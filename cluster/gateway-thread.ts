/** Thread entry: runs the official SDKs, away from the actors, because one call costs more CPU than a payment does. */
import type { MessagePort } from "node:worker_threads";
import type { GatewayName } from "../actors/domain/index.ts";
import { createAdyenGateway, createStripeGateway } from "../actors/gateways/index.ts";
import type { Gateway, GatewayAnswer, GatewayCall } from "../actors/index.ts";
import { systemClock } from "./clock.ts";
import type { NodeConfig } from "./config.ts";
import { type AnswerPort, GatewayBench, type Tagged } from "./gateway-desk.ts";
import { exposeOn, exposeToParent, remoteOf } from "./remote.ts";

const adapters = new Map<string, Gateway>();
let settings: NodeConfig["gateways"] | undefined;

/** One adapter per gateway account, made when first used. */
function adapterOf(name: GatewayName, account: string): Gateway | undefined {
  const id = `${name}:${account}`;
  const known = adapters.get(id);
  if (known !== undefined) return known;
  const made = makeAdapter(name, account);
  if (made !== undefined) adapters.set(id, made);
  return made;
}

function makeAdapter(name: GatewayName, account: string): Gateway | undefined {
  if (name === "stripe" && settings?.stripe)
    return createStripeGateway({ ...settings.stripe, account, clock: systemClock });
  if (name === "adyen" && settings?.adyen)
    return createAdyenGateway({ ...settings.adyen, merchantAccount: account, clock: systemClock });
  return undefined;
}

/** What the node asks of a gateway thread. */
export interface GatewayThread {
  start(gateways: NodeConfig["gateways"]): void;
  /** Serves the shard thread at the other end. */
  connect(port: MessagePort): void;
  /** Answers unless the thread is stuck. */
  ping(): void;
  close(): Promise<void>;
}

const thread: GatewayThread = {
  start: (gateways) => {
    settings = gateways;
  },
  connect: (port) => {
    const sink = remoteOf<AnswerPort>(port);
    // Answers to a shard thread that has died are asked for again by its successor.
    const answer = (answers: readonly Tagged<GatewayAnswer>[]): void =>
      void sink.onAnswers(answers).catch(() => undefined);
    const bench = new GatewayBench(adapterOf, answer, systemClock.monotonicMs);
    exposeOn({ submit: (calls: readonly Tagged<GatewayCall>[]) => calls.forEach((call) => bench.run(call)) }, port);
  },
  ping: () => {},
  close: async () => {
    await Promise.all([...adapters.values()].map((adapter) => adapter.close()));
  },
};
exposeToParent(thread);
