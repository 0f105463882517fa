/** What all nodes of a sandbox are told alike. */
import type { Cluster } from "./cluster-data.ts";
import { GATEWAY_TOKENS } from "./gateways/tokens.ts";
import { type NodeConfigFile, SANDBOX_API_KEYS, SANDBOX_WEBHOOK_SECRETS } from "./node-config.ts";
import type { SandboxOptions } from "./options.ts";
import type { GatewaysReady } from "./programs.ts";

export type SharedConfig = Omit<NodeConfigFile, "node" | "api" | "issuer" | "admin" | "peers">;

export function sharedConfigOf(
  options: SandboxOptions,
  { control, keysFile }: Pick<Cluster, "control" | "keysFile">,
  gateways: GatewaysReady,
): SharedConfig {
  const { stripeUrl, adyenUrl, fixedLatencyMs, redisUrl, workers, limits, nodes } = options;
  const { gatewayCallsPerSecond, gatewayCallsInFlight } = options;
  return {
    mode: "sandbox",
    control: { dsn: control.dsn },
    keys: { file: keysFile },
    gateways: {
      stripe: {
        baseUrl: stripeUrl ?? gateways.stripeUrl,
        apiKey: SANDBOX_API_KEYS.stripe,
        webhooks: { secrets: [SANDBOX_WEBHOOK_SECRETS.stripe], livemode: false },
      },
      adyen: {
        baseUrl: adyenUrl ?? gateways.adyenUrl,
        apiKey: SANDBOX_API_KEYS.adyen,
        webhooks: { hmacKeys: [SANDBOX_WEBHOOK_SECRETS.adyen], live: false, basicAuth: null },
      },
      fixedLatency: fixedLatencyMs === null ? null : { delayMs: fixedLatencyMs },
    },
    redis: redisUrl === null ? null : { url: redisUrl },
    sandboxTokens: GATEWAY_TOKENS.map(({ token, meaning }) => ({ token, meaning })),
    workers,
    gatewayCallsPerSecond: shareOf(gatewayCallsPerSecond, nodes),
    gatewayCallsInFlight: shareOf(gatewayCallsInFlight, nodes),
    limits,
  };
}

/** The gateway counts the calls of all nodes together. Each may have one at least, or it could not work. */
const shareOf = (budget: number | null, nodes: number): number | null =>
  budget === null ? null : Math.max(1, Math.floor(budget / nodes));
