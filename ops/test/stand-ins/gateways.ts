/** Stands in for the gateway simulators in lifecycle tests. */
const settings = JSON.parse(process.argv[2] ?? "{}") as Record<"stripe" | "adyen", { readonly port: number }>;

process.on("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
setInterval(() => {}, 1_000); // nothing else keeps it alive
process.send?.({
  kind: "ready",
  stripeUrl: `http://127.0.0.1:${settings.stripe.port}`,
  adyenUrl: `http://127.0.0.1:${settings.adyen.port}`,
});
