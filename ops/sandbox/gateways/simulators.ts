/** Both gateway simulators in this process. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { AdyenSimulator } from "./adyen-simulator.ts";
import { adyenError } from "./adyen-words.ts";
import { HttpFront } from "./http-front.ts";
import { StripeSimulator } from "./stripe-simulator.ts";
import { stripeError } from "./stripe-words.ts";

export interface GatewaySimulatorOptions {
  /** Port 0: any. `chargeLog`: path of the file of effects; it outlives the process. */
  readonly stripe: { readonly port: number; readonly chargeLog: string };
  readonly adyen: { readonly port: number; readonly chargeLog: string };
  /** Folder of the keys and objects; it outlives the process. */
  readonly dataDir: string;
  /** Added to every answer. */
  readonly latencyMs?: number;
  /** How long `tok_slow_5s` takes. */
  readonly slowMs?: number;
  /** Unix milliseconds. */
  readonly nowMs?: () => number;
}

export interface GatewaySimulators {
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  /** Ends both; what was answered stays on disk. Harmless when called again. */
  stop(): Promise<void>;
}

const SLOW_MS = 5_000;

/** Reads what is on disk, then listens on 127.0.0.1. Throws when a port is taken or a file cannot be written. */
export async function startGatewaySimulators(options: GatewaySimulatorOptions): Promise<GatewaySimulators> {
  const { dataDir, latencyMs = 0, slowMs = SLOW_MS, nowMs = Date.now } = options;
  for (const folder of [dataDir, dirname(options.stripe.chargeLog), dirname(options.adyen.chargeLog)])
    mkdirSync(folder, { recursive: true });
  const books = (chargeLog: string, name: string) => ({ chargeLog, records: join(dataDir, name), slowMs, nowMs });
  const stripe = new StripeSimulator(books(options.stripe.chargeLog, "stripe-records.jsonl"));
  const adyen = new AdyenSimulator(books(options.adyen.chargeLog, "adyen-records.jsonl"));
  await Promise.all([stripe.recover(), adyen.recover()]);
  const fronts = [
    new HttpFront({
      port: options.stripe.port,
      latencyMs,
      handle: (request) => stripe.handle(request),
      replayHeader: "Idempotent-Replayed",
      failed: stripeError(503, { type: "api_error" }),
    }),
    new HttpFront({
      port: options.adyen.port,
      latencyMs,
      handle: (request) => adyen.handle(request),
      replayHeader: null,
      failed: adyenError(503, "905", "The sandbox cannot write", "internal"),
    }),
  ] as const;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all(fronts.map((front) => front.stop()));
    await Promise.all([stripe.close(), adyen.close()]);
  };
  const started = await Promise.allSettled([fronts[0].start(), fronts[1].start()]);
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason as Error;
  }
  const [stripeUrl, adyenUrl] = started.map((result) => (result as PromiseFulfilledResult<string>).value);
  return { stripeUrl: stripeUrl as string, adyenUrl: adyenUrl as string, stop: () => (stopped ??= stop()) };
}
