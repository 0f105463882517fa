/** Tells the gateway simulators where their notifications go; they remember it over a restart. */
import { SANDBOX_WEBHOOK_SECRETS } from "./node-config.ts";
import type { GatewaysReady } from "./programs.ts";

/** `apiUrls`: of every node; the simulators turn to the next one when one cannot be reached. Throws when it is not taken. */
export async function tellGateways({ stripeUrl, adyenUrl }: GatewaysReady, apiUrls: readonly string[]): Promise<void> {
  const { stripe, adyen } = SANDBOX_WEBHOOK_SECRETS;
  await setWebhooks(stripeUrl, "stripe", apiUrls, { secret: stripe });
  await setWebhooks(adyenUrl, "adyen", apiUrls, { hmacKey: adyen });
}

async function setWebhooks(
  simulatorUrl: string,
  gateway: "stripe" | "adyen",
  apiUrls: readonly string[],
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  const urls = apiUrls.map((apiUrl) => `${apiUrl}/v1/webhooks/${gateway}`);
  const response = await fetch(`${simulatorUrl}/_control/webhooks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ gateway, urls, ...secrets }),
  });
  if (!response.ok) throw new Error(`the ${gateway} simulator does not take an address: ${response.status}`);
}
