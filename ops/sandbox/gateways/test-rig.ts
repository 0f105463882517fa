/** Simulators in this process for tests, on files of their own that go with them. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../actors/index.ts";
import { type ChargeLine, type GatewaySimulatorOptions, startGatewaySimulators } from "./index.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface Rig {
  readonly stripeUrl: string;
  readonly adyenUrl: string;
  readonly settings: GatewaySimulatorOptions;
  chargeLines(gateway: "stripe" | "adyen"): readonly ChargeLine[];
  stop(): Promise<void>;
}

/** Settings on a new folder; ports are the system's choice. */
export function rigSettings(more: Partial<GatewaySimulatorOptions> = {}): GatewaySimulatorOptions {
  const dataDir = mkdtempSync(join(tmpdir(), "gateway-simulators-"));
  return {
    stripe: { port: 0, chargeLog: join(dataDir, "stripe-charges.jsonl") },
    adyen: { port: 0, chargeLog: join(dataDir, "adyen-charges.jsonl") },
    dataDir,
    ...more,
  };
}

export function readChargeLines(settings: GatewaySimulatorOptions, gateway: "stripe" | "adyen"): readonly ChargeLine[] {
  const { chargeLog } = settings[gateway];
  if (!existsSync(chargeLog)) return [];
  const lines = readFileSync(chargeLog, "utf8").split("\n");
  expectEmpty(lines.pop());
  return lines.map((line) => JSON.parse(line) as ChargeLine);
}

function expectEmpty(rest: string | undefined): void {
  if (rest !== "") throw new Error("the charge log does not end with a newline");
}

export async function startRig(more: Partial<GatewaySimulatorOptions> = {}): Promise<Rig> {
  const settings = rigSettings(more);
  const simulators = await startGatewaySimulators(settings);
  return {
    stripeUrl: simulators.stripeUrl,
    adyenUrl: simulators.adyenUrl,
    settings,
    chargeLines: (gateway) => readChargeLines(settings, gateway),
    stop: async () => {
      await simulators.stop();
      rmSync(settings.dataDir, { recursive: true, force: true });
    },
  };
}
