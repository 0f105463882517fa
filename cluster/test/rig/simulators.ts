/** The simulators' control API: what goes wrong at a gateway for a while, and what it tells that nothing else would have it tell. */
import { bytesOfId, idFromBytes } from "../../../actors/domain/index.ts";
import { type Cluster, until } from "./cluster.ts";

export type Simulated = "stripe" | "adyen";
type Json = Readonly<Record<string, unknown>>;
/** What the receiver of a crafted notification said. */
export interface Receipt {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
}

/** Has the simulator of a gateway do something: `mode`, `send`, `webhooks`, `dispute`… Throws when it does not take it. */
export async function order(cluster: Cluster, gateway: Simulated, what: string, fields: Json = {}): Promise<Json> {
  const send = (by: Simulated): Promise<Response> =>
    fetch(`${cluster.info.gateways[by].controlUrl}/${what}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...fields, gateway }),
    });
  // Both ports take orders for both: one of them may be told to refuse connections.
  const response = await send("stripe").catch(() => send("adyen"));
  const answer = (await response.json()) as Json;
  if (!response.ok) throw new Error(`${gateway} ${what}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

/** Ends what goes wrong at the fronts of both, and waits until they serve. */
export async function heal(cluster: Cluster): Promise<void> {
  for (const gateway of ["stripe", "adyen"] as const) {
    const { latencyMs: _, ...faults } = (await order(cluster, gateway, "mode"))["mode"] as Json;
    if (Object.keys(faults).length === 0) continue;
    await order(cluster, gateway, "mode", Object.fromEntries(Object.keys(faults).map((fault) => [fault, 0])));
    const { url } = cluster.info.gateways[gateway];
    await until(`${gateway} serves`, 10_000, () =>
      fetch(`${url}/_control/state`).then(
        () => true,
        () => false,
      ),
    );
  }
}

/** Sends a crafted notification past the queue of a simulator: what the node said to each copy. */
export const sendNotice = async (cluster: Cluster, gateway: Simulated, fields: Json): Promise<readonly Receipt[]> =>
  (await order(cluster, gateway, "send", fields))["receipts"] as readonly Receipt[];

/** How many notifications of both wait to be accepted, and what is to happen later. */
export async function backlogOf(cluster: Cluster): Promise<number> {
  const response = await fetch(`${cluster.info.gateways.stripe.controlUrl}/state`);
  const states = Object.values((await response.json()) as Record<Simulated, BacklogState>);
  return states.reduce((sum, { webhooks, sequels }) => sum + webhooks.pending + sequels, 0);
}
interface BacklogState {
  readonly webhooks: { readonly pending: number };
  readonly sequels: number;
}

/** What Adyen calls the outcome of an operation. */
export const ADYEN_WORDS = {
  authorize: "AUTHORISATION",
  sale: "AUTHORISATION",
  capture: "CAPTURE",
  void: "CANCELLATION",
  refund: "REFUND",
} as const;

/** Adyen tells how the newest operation of a kind went, as it would unasked. `paymentId`: whose. Throws unless it is taken. */
export async function tellOfOperation(...terms: Parameters<typeof noticeOfOperation>): Promise<readonly Receipt[]> {
  const receipts = await noticeOfOperation(...terms);
  for (const { status, body } of receipts)
    if (status !== 200) throw new Error(`the notice of ${terms[2]} of ${terms[1]}: ${status} ${body}`);
  return receipts;
}

/** The same, whatever the node answers. */
export async function noticeOfOperation(
  cluster: Cluster,
  paymentId: string,
  kind: keyof typeof ADYEN_WORDS,
  success: boolean,
  more: Json = {},
): Promise<readonly Receipt[]> {
  const [row] = await cluster.query<Record<"id" | "account" | "currency" | "reference" | "amount", string>>(
    `SELECT o.id, o.amount, p.currency, p.gateway_account AS account, p.gateway_reference AS reference
       FROM operation o JOIN payment_current p ON p.id = o.payment_id
      WHERE o.kind = $1 AND o.payment_id = encode($2, 'hex')::uuid ORDER BY o.submitted_at DESC LIMIT 1`,
    [kind, bytesOfId(paymentId)],
  );
  if (row === undefined) throw new Error(`${paymentId} has no ${kind}`);
  const isFirst = kind === "authorize" || kind === "sale";
  const made = `CRAFTED${row.id.slice(-9).toUpperCase()}`;
  const names = isFirst
    ? { pspReference: row.reference ?? made }
    : { pspReference: made, originalReference: row.reference };
  const item = {
    ...names,
    amount: { currency: row.currency, value: Number(row.amount) },
    eventCode: ADYEN_WORDS[kind],
    eventDate: new Date().toISOString(),
    merchantAccountCode: row.account,
    merchantReference: idFromBytes("op", Buffer.from(row.id.replaceAll("-", ""), "hex")),
    paymentMethod: "visa",
    reason: "",
    success: String(success),
  };
  return sendNotice(cluster, "adyen", { item, ...more });
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly status: number;
}

/** The newest requests that reached a simulator, the oldest of them first. */
export async function requestsOf(cluster: Cluster, gateway: Simulated): Promise<readonly Request[]> {
  const response = await fetch(`${cluster.info.gateways[gateway].url}/_sandbox/requests`);
  return ((await response.json()) as { readonly newest: readonly Request[] }).newest;
}
