/**
 * Events of a whole cluster at real receivers on this machine: signed so that our own client accepts them, delivered again
 * after a node that was killed while they waited, and to one receiver whatever another one does.
 */
import { expect } from "chai";
import { verifyWebhook } from "../../router/client/index.ts";
import { Cluster, isReady, until } from "./rig/cluster.ts";
import { type Call, Merchant, payment } from "./rig/merchant.ts";
import { type Answer, WebhookReceiver } from "./rig/webhook-receiver.ts";

/** The third try of an event comes half a minute after the second. */
const WITHIN_MS = 60_000;
const PAYMENTS = 10;

const ok: Answer = (response) => void response.writeHead(204).end();
const down: Answer = (response) => void response.writeHead(503).end();

describe("webhooks to merchants (needs postgres)", function () {
  this.timeout(240_000);
  let cluster: Cluster;
  let merchant: Merchant;
  const receivers: WebhookReceiver[] = [];
  let keys = 0;

  before(async () => {
    cluster = await Cluster.start();
    merchant = await Merchant.signIn(cluster.info);
  });
  after(async () => {
    await Promise.all(receivers.map((receiver) => receiver.stop()));
    await merchant?.close();
    await cluster?.dispose();
  });

  const post = (path: string, body: unknown): Call => ({ method: "POST", path, key: `webhooks-${++keys}`, body });
  const urlOf = (receiver: WebhookReceiver): string => `http://127.0.0.1:${receiver.port}/hooks?x=1`;

  async function receiving(answer: Answer): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start(answer);
    receivers.push(receiver);
    return receiver;
  }

  async function endpointAt(receiver: WebhookReceiver): Promise<{ readonly id: string; readonly secret: string }> {
    const made = await merchant.send(post("/v1/webhook_endpoints", { url: urlOf(receiver) }));
    if (made.status !== 201) throw new Error(made.text);
    return { id: String(made.body["id"]), secret: String(made.body["secret"]) };
  }

  /** Every request is verified, so one that is forged or signed with another secret fails the test. */
  async function eventsAt(receiver: WebhookReceiver, secret: string): Promise<readonly Verified[]> {
    return await Promise.all(
      receiver.received.map(async ({ headers, body }) => ({
        event: (await verifyWebhook({ body, headers }, secret)) as Verified["event"],
        id: String(headers["webhook-id"]),
      })),
    );
  }
  interface Verified {
    readonly id: string;
    readonly event: {
      readonly id: string;
      readonly type: string;
      readonly payment_id: string;
      readonly sequence: number;
    };
  }

  /** Types of the events that `GET /v1/payments/{id}/events` has, by their ids. */
  async function historyOf(id: string): Promise<ReadonlyMap<string, string>> {
    const { body } = await merchant.send({ method: "GET", path: `/v1/payments/${id}/events?limit=100` });
    const list = body["data"] as readonly { readonly id: string; readonly type: string }[];
    return new Map(list.map((event) => [event.id, event.type]));
  }

  const pay = async (): Promise<string> =>
    await merchant.pay(`webhooks-payment-${++keys}`, payment({ amount: 1_000, gateway: "stripe" }), WITHIN_MS);

  /** All events of these payments came, and nothing else did of them. */
  async function expectAll(receiver: WebhookReceiver, secret: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const expected = await historyOf(id);
      const came = (): Set<string> =>
        new Set(
          receiver.received
            .filter(({ body }) => body.toString().includes(`"payment_id":"${id}"`))
            .map(({ headers }) => String(headers["webhook-id"])),
        );
      await until(`all events of ${id}`, WITHIN_MS, async () => came().size >= expected.size);
      expect(came()).to.deep.equal(new Set(expected.keys()));
      const events = (await eventsAt(receiver, secret)).filter(({ event }) => event.payment_id === id);
      for (const { id: sent, event } of events)
        expect([sent, event.type]).to.deep.equal([event.id, expected.get(sent)]);
      const numbers = [...new Set(events.map(({ event }) => event.sequence))].toSorted((a, b) => a - b);
      expect(numbers).to.deep.equal(numbers.map((_, i) => i + 1));
    }
  }

  it("arrive signed, once for each event, and the list of deliveries says so", async () => {
    const receiver = await receiving(ok);
    const { id, secret } = await endpointAt(receiver);
    const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => pay()));
    await expectAll(receiver, secret, payments);
    const { headers, path } = receiver.received[0] ?? { headers: {}, path: "" };
    expect([path, headers["content-type"]]).to.deep.equal(["/hooks?x=1", "application/json"]);
    await until("all are noted", WITHIN_MS, async () => {
      const { body } = await merchant.send({ method: "GET", path: `/v1/webhook_endpoints/${id}/deliveries?limit=100` });
      const rows = body["data"] as readonly { readonly status: string; readonly attempts: number }[];
      return rows.length > PAYMENTS && rows.every(({ status, attempts }) => status === "delivered" && attempts === 1);
    });
    const ids = receiver.received.map(({ headers: one }) => one["webhook-id"]);
    expect(new Set(ids).size).to.equal(ids.length);

    const resent = await merchant.send(post(`/v1/webhook_endpoints/${id}/resend`, { event_id: ids[0] }));
    expect([resent.status, resent.body["status"]]).to.deep.equal([202, "waiting"]);
    await until("it comes again", WITHIN_MS, async () => receiver.received.length > ids.length);
    expect(receiver.received.at(-1)?.headers["webhook-id"]).to.equal(ids[0]);

    const rotated = await merchant.send(post(`/v1/webhook_endpoints/${id}/rotate_secret`, {}));
    expect(rotated.status).to.equal(200);
    receiver.received.length = 0;
    const another = await pay();
    await expectAll(receiver, secret, [another]); // signed with both
    await expectAll(receiver, String(rotated.body["secret"]), [another]);

    const url = `${cluster.info.apiUrl}/v1/webhook_endpoints/${id}`;
    const remove = () => fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${merchant.token}` } });
    expect([(await remove()).status, (await remove()).status]).to.deep.equal([204, 404]);
  });

  it("arrive after the node was killed while they waited, at one receiver whatever another does", async () => {
    let answer = down;
    const late = await receiving((response, request) => answer(response, request));
    const other = await receiving(ok);
    const hanging = await receiving(() => {});
    const [atLate, atOther] = [await endpointAt(late), await endpointAt(other)];
    await endpointAt(hanging);
    const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => pay()));
    await expectAll(other, atOther.secret, payments);
    await until("something was refused", WITHIN_MS, async () => late.received.length > 0);

    process.kill(cluster.nodePid, "SIGKILL");
    answer = ok;
    await until("the node is back", 60_000, async () => await isReady(cluster.info));
    await expectAll(late, atLate.secret, payments);
    const one = await pay();
    await expectAll(late, atLate.secret, [one]);
    await expectAll(other, atOther.secret, [one]);
  });
});
