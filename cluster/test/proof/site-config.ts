/** The configuration of the node of a proof. Nothing in it is for tests only: the times of `limits` are short. */
import type { Cluster as Databases } from "../../../ops/sandbox/cluster-data.ts";
import { type NodeConfigFile, SANDBOX_API_KEYS, SANDBOX_WEBHOOK_SECRETS } from "../../../ops/sandbox/node-config.ts";

/** A doubt ends with its first or second check, some three seconds behind a restart. */
const LIMITS = { answerWithinMs: 2_500, gatewayCallMs: 3_000, sameKeyGraceMs: 3_000 } as const;

export function nodeConfigOf(facts: {
  readonly databases: Databases;
  readonly ports: { readonly api: number; readonly admin: number; readonly peers: number };
  readonly stripe: string;
  readonly adyen: string;
}): NodeConfigFile & { readonly limits: typeof LIMITS } {
  const { databases, ports } = facts;
  return {
    mode: "sandbox",
    node: { id: "node-1" },
    api: { host: "127.0.0.1", port: ports.api },
    admin: { host: "127.0.0.1", port: ports.admin },
    peers: { host: "127.0.0.1", port: ports.peers },
    control: { dsn: databases.control.dsn },
    keys: { file: databases.keysFile },
    gateways: {
      stripe: { baseUrl: facts.stripe, apiKey: SANDBOX_API_KEYS.stripe, webhooks: null },
      adyen: {
        baseUrl: facts.adyen,
        apiKey: SANDBOX_API_KEYS.adyen,
        webhooks: { hmacKeys: [SANDBOX_WEBHOOK_SECRETS.adyen], live: false, basicAuth: null },
      },
      fixedLatency: null,
    },
    redis: null,
    sandboxTokens: [],
    workers: 1,
    limits: LIMITS,
  };
}

/** A notification comes when everything else of its operation is told, so that each run has the same messages. */
const NOTICE_DELAY_MS = 200;

/**
 * Has the simulator of Adyen send its notifications to `apiUrl`: its captures and refunds end by nothing else. Stripe's
 * are hints that a proof can do without (H7): it is told no address. Throws when it is not taken.
 */
export async function tellAdyen(simulatorUrl: string, apiUrl: string): Promise<void> {
  const url = `${apiUrl}/v1/webhooks/adyen`;
  await order(simulatorUrl, "webhooks", { gateway: "adyen", url, hmacKey: SANDBOX_WEBHOOK_SECRETS.adyen });
  await order(simulatorUrl, "mode", { gateway: "adyen", delayMs: NOTICE_DELAY_MS });
}

async function order(simulatorUrl: string, what: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await fetch(`${simulatorUrl}/_control/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  if (!response.ok) throw new Error(`the simulator does not take ${what}: ${response.status} ${await response.text()}`);
}
