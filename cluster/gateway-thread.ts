/**
 * Thread entry: runs the official SDKs, away from the actors, because one call costs more CPU than a payment does; and sends
 * webhooks to merchants. Neither is loaded before its first use.
 */
import type { MessagePort } from "node:worker_threads";
import type { GatewayName } from "../actors/domain/index.ts";
import { createAdyenGateway, createStripeGateway } from "../actors/gateways/index.ts";
import type { Dispatch, Dispatched, Gateway, GatewayAnswer, GatewayCall } from "../actors/index.ts";
import { createWebhookSender, type WebhookSender } from "../actors/webhooks/index.ts";
import { systemClock } from "./clock.ts";
import type { NodeConfig } from "./config.ts";
import { DispatchBench, type DispatchedPort } from "./dispatch-desk.ts";
import { type AnswerPort, GatewayBench, type Tagged } from "./gateway-desk.ts";
import { exposeOn, exposeToParent, remoteOf } from "./remote.ts";

const adapters = new Map<string, Gateway>();
let settings: GatewaySettings | undefined;
let sender: WebhookSender | undefined;

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
  const { stripe, adyen } = settings?.gateways ?? {};
  if (name === "stripe" && stripe) return createStripeGateway({ ...stripe, account, clock: systemClock });
  if (name === "adyen" && adyen) return createAdyenGateway({ ...adyen, merchantAccount: account, clock: systemClock });
  return undefined;
}

/** One for all shards: its limits are those of the thread. */
function senderOf(): WebhookSender {
  if (settings === undefined) throw new Error("the thread was not started");
  sender ??= createWebhookSender({ ...settings.webhooks, clock: systemClock });
  return sender;
}

export type GatewaySettings = Pick<NodeConfig, "gateways" | "webhooks">;

/** What the node asks of a gateway thread. */
export interface GatewayThread {
  start(settings: GatewaySettings): void;
  /** Serves the shard thread at the other end. */
  connect(port: MessagePort): void;
  /** Answers unless the thread is stuck. */
  ping(): void;
  close(): Promise<void>;
}

const thread: GatewayThread = {
  start: (given) => {
    settings = given;
  },
  connect: (port) => {
    const sink = remoteOf<AnswerPort & DispatchedPort>(port);
    // Answers to a shard thread that has died are asked for again by its successor.
    const answer = (answers: readonly Tagged<GatewayAnswer>[]): void =>
      void sink.onAnswers(answers).catch(() => undefined);
    const bench = new GatewayBench(adapterOf, answer, systemClock.monotonicMs);
    // What became of webhooks of a shard thread that has died is forgotten: its successor sends them again.
    const tell = (answers: readonly Tagged<Dispatched>[]): void =>
      void sink.onDispatched(answers).catch(() => undefined);
    const dispatches = new DispatchBench(senderOf, tell, systemClock);
    const services = {
      submit: (calls: readonly Tagged<GatewayCall>[]) => calls.forEach((call) => bench.run(call)),
      dispatch: (tries: readonly Tagged<Dispatch>[]) => tries.forEach((one) => dispatches.run(one)),
    };
    exposeOn(services, port);
  },
  ping: () => {},
  close: async () => {
    await Promise.all([sender?.close(), ...[...adapters.values()].map((adapter) => adapter.close())]);
  },
};
exposeToParent(thread);
