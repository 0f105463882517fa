/** Whose messages go over the links that speak HTTP, and what they are called: node to gateways, client to node. */
import type { GatewayProxy, HttpExchange, HttpMoment } from "../rig/gateway-proxy.ts";
import type { Lane } from "./lane.ts";

type Hook = GatewayProxy["hook"];

const REQUEST: ReadonlySet<HttpMoment> = new Set(["connect", "head", "requestEnd"]);
const WORDS: Readonly<Record<HttpMoment, string>> = {
  connect: "connects for",
  head: "head of",
  requestEnd: "last byte of",
  answer: "answer's head to",
  answerBody: "half of the answer to",
  answerEnd: "answer's last byte to",
};
/** Ids differ from run to run. */
const IDS = /(pi|re)_\w+|[A-Z0-9]{16}/g;

/** `laneOf`: by the gateway account. Calls with keys of earlier runs do not count: their operations are still in doubt. */
export function gatewayHook(gateway: "stripe" | "adyen", laneOf: (account: string) => Lane | undefined): Hook {
  return (moment, exchange) => {
    const lane = laneOf(accountOf(exchange));
    if (lane === undefined) return "pass";
    const { method, headers, body } = exchange;
    const key = headers.get("idempotency-key");
    const isOld = key !== undefined && lane.isOfEarlierRun(key);
    const path = exchange.path.replaceAll(IDS, ":id");
    const isRequest = REQUEST.has(moment);
    const link = isRequest ? `node>${gateway}` : `${gateway}>node`;
    const { n, held } = lane.pass(link, isOld ? null : `${WORDS[moment]} ${method} ${path}`);
    if (moment === "connect" && key !== undefined && !isOld)
      lane.calls.push({ n, key, method, path: exchange.path, body });
    if (held && isRequest) lane.lateRequests.push(exchange);
    return held ? "hold" : "pass";
  };
}

/** Stripe names it in a header, Adyen in the body. */
function accountOf({ headers, body }: HttpExchange): string {
  const named = headers.get("stripe-account");
  if (named !== undefined) return named;
  try {
    return String((JSON.parse(body.toString("utf8")) as { merchantAccount?: unknown }).merchantAccount);
  } catch {
    return "";
  }
}

/**
 * What comes to the node: requests of clients, by their idempotency key, and notifications of Adyen, by the account. Of a
 * request and its answer the last byte counts, for the node reads whole bodies; of what a client sends again nothing does.
 */
export function frontHook(
  laneOfKey: (key: string) => Lane | undefined,
  laneOfAccount: (account: string) => Lane | undefined,
): Hook {
  return (moment, exchange) => {
    const isNotice = exchange.path.startsWith(NOTICES_AT);
    const key = exchange.headers.get("x-idempotency-key") ?? "";
    const lane = isNotice ? laneOfAccount(notifiedAccountOf(exchange)) : laneOfKey(key);
    if (lane === undefined) return "pass";
    const peer = isNotice ? "adyen" : "client";
    const link = REQUEST.has(moment) ? `${peer}>node` : `node>${peer}`;
    const isEnd = moment === "requestEnd" || moment === "answerEnd";
    const counts = isEnd && (isNotice || lane.isFirst(`${link} ${key}`));
    const name = `${WORDS[moment]} ${exchange.method} ${exchange.path.replaceAll(/pay_\w+/g, ":id")}`;
    return lane.pass(link, counts ? name : null).held ? "hold" : "pass";
  };
}

const NOTICES_AT = "/v1/webhooks/";

interface Notification {
  readonly notificationItems?: readonly {
    readonly NotificationRequestItem?: { readonly merchantAccountCode?: unknown };
  }[];
}

function notifiedAccountOf({ body }: HttpExchange): string {
  const [item] = (JSON.parse(body.toString("utf8")) as Notification).notificationItems ?? [];
  return String(item?.NotificationRequestItem?.merchantAccountCode);
}
