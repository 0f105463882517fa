/**
 * Child process of the sandbox: both gateway simulators. Settings: one JSON argument. Says `{ kind: "ready", stripeUrl,
 * adyenUrl }` by IPC; ends on SIGTERM, SIGINT, and when its parent is gone.
 */
import { type GatewaySimulatorOptions, startGatewaySimulators } from "./simulators.ts";

/** The settings of the command line. Throws an Error that says what is wrong. */
function readSettings(text: string | undefined): GatewaySimulatorOptions {
  const settings = JSON.parse(text ?? "null") as GatewaySimulatorOptions | null; // its parent, our own code, wrote it
  for (const name of ["stripe", "adyen"] as const) {
    const gateway = settings?.[name];
    if (typeof gateway?.port !== "number" || typeof gateway.chargeLog !== "string")
      throw new Error(`settings: ${name} needs a port and a chargeLog`);
  }
  if (typeof settings?.dataDir !== "string") throw new Error("settings: dataDir is missing");
  return settings;
}

try {
  const simulators = await startGatewaySimulators(readSettings(process.argv[2]));
  const end = (): void => {
    void simulators.stop().finally(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  if (process.connected) process.once("disconnect", end);
  const { stripeUrl, adyenUrl } = simulators;
  process.send?.({ kind: "ready", stripeUrl, adyenUrl });
  console.log(`gateway simulators: Stripe ${stripeUrl}, Adyen ${adyenUrl}`);
} catch (error) {
  const message = (error as Error).message;
  console.error(message);
  process.send?.({ kind: "fatal", message });
  process.exitCode = 1;
  process.disconnect?.();
}
