/** Both gateway simulators in this process. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Control } from "./control.ts";
import { createStand, type GatewayStand, setEndpoint } from "./gateway-stand.ts";
import type { SimulatedGateway } from "./tokens.ts";
import type { ChannelTiming } from "./webhook-channel.ts";
import { EndpointFile, type WebhookEndpoints } from "./webhook-endpoint.ts";
import type { SendingTimes } from "./webhook-plan.ts";

export interface GatewaySimulatorOptions {
  /** Port 0: any. `chargeLog`: path of the file of effects; it outlives the process. */
  readonly stripe: { readonly port: number; readonly chargeLog: string };
  readonly adyen: { readonly port: number; readonly chargeLog: string };
  /** Folder of the keys, objects and webhooks; it outlives the process. */
  readonly dataDir: string;
  /** Added to every answer. */
  readonly latencyMs?: number;
  /** How long `tok_slow_5s` takes. */
  readonly slowMs?: number;
  /** Where webhooks go. Missing: where the control API last said; nowhere at first. */
  readonly webhooks?: WebhookEndpoints;
  readonly webhookTiming?: Partial<ChannelTiming & SendingTimes>;
  /** Unix milliseconds; of what is written and of the life of keys. */
  readonly nowMs?: () => number;
}

export interface GatewaySimulators {
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  /** Ends both; what was answered stays on disk. Harmless when called again. */
  stop(): Promise<void>;
}

const SLOW_MS = 5_000;
const DAY_MS = 86_400_000;
/** The gateways' own times begin with seconds and end with hours; nobody waits so long in a sandbox. */
const WEBHOOK_TIMING: ChannelTiming & SendingTimes = {
  retryDelaysMs: [1_000, 2_000, 5_000, 10_000, 30_000],
  giveUpAfterMs: 3 * DAY_MS,
  answerLimitMs: 10_000,
  soonMs: 20,
  lateMs: 3_000,
};
const fieldsOf = (endpoint: WebhookEndpoints[SimulatedGateway]): Readonly<Record<string, unknown>> | null =>
  endpoint === null ? null : { ...endpoint };
const NAMES: readonly SimulatedGateway[] = ["stripe", "adyen"];

/** Reads what is on disk, then listens on 127.0.0.1. Throws when a port is taken or a file cannot be written. */
export async function startGatewaySimulators(options: GatewaySimulatorOptions): Promise<GatewaySimulators> {
  const { dataDir, latencyMs = 0, slowMs = SLOW_MS, nowMs = Date.now } = options;
  for (const folder of [dataDir, dirname(options.stripe.chargeLog), dirname(options.adyen.chargeLog)])
    mkdirSync(folder, { recursive: true });
  const endpointFile = new EndpointFile(join(dataDir, "webhook-endpoints.json"));
  let endpoints = options.webhooks ?? endpointFile.read();
  const [stripe, adyen] = NAMES.map((name) =>
    createStand(name, {
      ...options[name],
      dataDir,
      latencyMs,
      slowMs,
      nowMs,
      timing: { ...WEBHOOK_TIMING, ...options.webhookTiming },
      control: (request) => control.answer(request),
      remember: (changed) => {
        endpoints = { ...endpoints, ...changed };
        endpointFile.write(endpoints);
      },
    }),
  ) as [GatewayStand, GatewayStand];
  const stands = [stripe, adyen];
  const control = new Control({ stripe, adyen });
  // Read like one of the control API: a blank secret does not start.
  for (const { channel, name } of stands) setEndpoint(channel, channel.readEndpoint(fieldsOf(endpoints[name])));
  await Promise.all(stands.map(({ simulator }) => simulator.recover()));
  for (const { sequels, simulator } of stands)
    sequels.start(async ({ what, ...cause }) => (await simulator.happenLater(what, cause)) !== "busy");

  let stopped: Promise<unknown> | undefined;
  const stop = async (): Promise<void> => {
    await (stopped ??= Promise.all(stands.map((stand) => stand.stop())));
  };
  const started = await Promise.allSettled(stands.map(({ front }) => front.start()));
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason as Error;
  }
  const [stripeUrl, adyenUrl] = started.map((result) => (result as PromiseFulfilledResult<string>).value);
  return { stripeUrl: stripeUrl as string, adyenUrl: adyenUrl as string, stop };
}
