/**
 * The control API of the simulators, `/_control/…` on both of their ports, JSON: where webhooks go, what goes wrong for
 * a while, and what happens to a payment without a call. It listens where the simulators do: on this machine only.
 */
import type { Fields } from "./control-fields.ts";
import { LATE_ROUTES, letHappen } from "./control-late.ts";
import { type SentReport, sendCrafted } from "./control-send.ts";
import { type Answer, jsonAnswer, type SimulatedRequest } from "./exchange.ts";
import { type FrontFaults, TIMED_FAULTS } from "./front-mode.ts";
import type { GatewayStand } from "./gateway-stand.ts";
import type { SimulatedGateway } from "./tokens.ts";

type Route = (gateway: GatewayStand, fields: Fields) => Promise<object>;

/** `{ gateway, url: null }` ends them; `urls`: several doors of one cluster, tried in turn when one is not reached. */
const setWebhooks: Route = async (stand, fields) => {
  stand.listen(fields["url"] === null ? null : fields);
  const { urls, url = null } = stand.channel.endpoint ?? {};
  return urls === undefined ? { url } : { url, urls };
};

const send: Route = async (gateway, fields): Promise<SentReport> => sendCrafted(gateway, fields);

const ROUTES: Readonly<Record<string, Route>> = {
  webhooks: setWebhooks,
  mode: async (gateway, fields) => {
    setWebhookFaults(gateway, fields);
    await setFrontFaults(gateway, fields);
    return stateOf(gateway);
  },
  send,
  ...Object.fromEntries(
    Object.entries(LATE_ROUTES).map(([name, what]): [string, Route] => [
      name,
      (gateway, fields) => letHappen(gateway, what, fields),
    ]),
  ),
};

function setWebhookFaults({ channel }: GatewayStand, fields: Fields): void {
  const { mute, delayMs, duplicate, reorder, batch } = fields;
  channel.faults = {
    mute: typeof mute === "boolean" ? mute : channel.faults.mute,
    delayMs: isCount(delayMs) ? delayMs : channel.faults.delayMs,
    copies: isCount(duplicate) ? Math.max(1, duplicate) : channel.faults.copies,
    reorder: typeof reorder === "boolean" ? reorder : channel.faults.reorder,
  };
  if (isCount(batch)) channel.batchMax = Math.max(1, batch);
}

async function setFrontFaults({ mode, front }: GatewayStand, fields: Fields & FrontFaults): Promise<void> {
  if (isCount(fields.latencyMs)) mode.latencyMs = fields.latencyMs;
  for (const fault of TIMED_FAULTS) {
    const seconds = fields[fault];
    if (typeof seconds !== "number" || !(seconds >= 0)) continue;
    if (fault === "refuseSeconds") await front.refuse(seconds);
    else if (fault === "darkSeconds") front.goDark(seconds);
    else mode.set(fault, seconds);
  }
}
const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const stateOf = ({ channel, sequels, mode }: GatewayStand): object => ({
  webhooks: channel.state(),
  sequels: sequels.size,
  mode: mode.state(),
});

const refuse = (status: number, error: string): Answer => jsonAnswer(status, { error });

export class Control {
  readonly #gateways: Readonly<Record<SimulatedGateway, GatewayStand>>;

  constructor(gateways: Readonly<Record<SimulatedGateway, GatewayStand>>) {
    this.#gateways = gateways;
  }

  /** Undefined: no such path. */
  async answer({ method, path, headers, body }: SimulatedRequest): Promise<Answer | undefined> {
    const name = path.slice("/_control/".length);
    if (method === "GET" && name === "state") {
      const { stripe, adyen } = this.#gateways;
      return jsonAnswer(200, { stripe: stateOf(stripe), adyen: stateOf(adyen) });
    }
    const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
    if (method !== "POST" || route === undefined) return undefined;
    // A page in a browser cannot send this type without asking first.
    if (!/^application\/json\b/.test(headers["content-type"] ?? "")) return refuse(415, "application/json is needed");
    try {
      const fields = JSON.parse(body) as Fields & { readonly gateway?: unknown };
      const gateway = fields.gateway === "stripe" || fields.gateway === "adyen" ? fields.gateway : undefined;
      if (gateway === undefined) return refuse(400, "gateway: stripe or adyen");
      return jsonAnswer(200, await route(this.#gateways[gateway], fields));
    } catch (error) {
      return refuse(400, (error as Error).message);
    }
  }
}
