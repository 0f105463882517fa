/** Stands in for the gateway simulators in lifecycle tests: it takes whatever it is told. */
import { createServer } from "node:http";

const settings = JSON.parse(process.argv[2] ?? "{}") as Record<"stripe" | "adyen", { readonly port: number }>;

process.on("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
const ports = [settings.stripe.port, settings.adyen.port];
await Promise.all(
  ports.map(
    (port) =>
      new Promise<void>((resolve) => createServer((_, answer) => answer.end("{}")).listen(port, "127.0.0.1", resolve)),
  ),
);
process.send?.({
  kind: "ready",
  stripeUrl: `http://127.0.0.1:${settings.stripe.port}`,
  adyenUrl: `http://127.0.0.1:${settings.adyen.port}`,
});
