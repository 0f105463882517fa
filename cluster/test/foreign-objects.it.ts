/**
 * Another merchant's objects (faults.md row 52, attack 8, I25): generated from the table of routes, so a route that is
 * added is walked too. By id they are answered like unknown ones, byte for byte but for the request's id; nothing that is
 * listed, counted or remembered for one merchant shows what is another's.
 */
import { expect } from "chai";
import { mintId, slotOfMerchant } from "../../actors/domain/index.ts";
import { type Route, ROUTES } from "../../router/routes.ts";
import { readCharges } from "./rig/charge-log.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { type Answer, type Call, cancel, capture, limitRate, Merchant, payment, read, refund } from "./rig/merchant.ts";
import { WebhookReceiver } from "./rig/webhook-receiver.ts";

/** What the other merchant has, by the names of routes' segments. */
interface Objects {
  readonly payment: string;
  readonly refund: string;
  readonly key: string;
  readonly endpoint: string;
  /** An endpoint that may be deleted. */
  readonly spare: string;
  /** That both were made with. */
  readonly endpointKey: string;
  readonly event: string;
}
const MARK = "mark-of-the-other";
const MANUAL = { capture_method: "manual" };

const isVariable = ({ path }: Route): boolean => path.includes("{");
const needsToken = ({ scope }: Route): boolean => scope !== null;
/** Routes that answer with pages; of endpoints there are so few that all of them come at once. */
const LISTS = ROUTES.filter(({ name }) => name.startsWith("list_") && name !== "list_webhook_endpoints");

/** The object that the variable segment of a route names. */
function segmentOf({ path, method }: Route, objects: Objects): string {
  if (path.includes("{key}")) return objects.key;
  if (path.startsWith("/v1/webhook_endpoints/")) return method === "DELETE" ? objects.spare : objects.endpoint;
  return path.startsWith("/v1/refunds/") ? objects.refund : objects.payment;
}
/** What a route must be sent to get as far as its object. */
const bodyFor = ({ name }: Route, { event }: Objects): unknown =>
  name === "resend_event" ? { event_id: event } : undefined;
const into = ({ path }: Route, segment: string): string => path.replace(/\{.*\}/, segment);

const bodyOf = ({ status, text, body }: Answer): string => `${status}\n${text.replace(String(body["request_id"]), "")}`;
/** What is compared: all of an answer that does not name this request or count it. */
function traceOf(answer: Answer): string {
  const own = ["request-id", "date", "ratelimit"];
  const kept = Object.entries(answer.headers).filter(([name]) => !own.includes(name));
  return `${JSON.stringify(kept)}\n${bodyOf(answer)}`;
}

describe("another merchant's objects", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let asker: Merchant;
  let owner: Merchant;
  let theirs: Objects;
  /** Of all events. */
  let receiver: WebhookReceiver;
  let serial = 0;

  before(async () => {
    receiver = await WebhookReceiver.start((response) => response.writeHead(204).end());
    cluster = await Cluster.start();
    [asker, owner] = (await Merchant.signInMany(cluster.info, 2)) as [Merchant, Merchant];
    await limitRate(cluster, [asker, owner], 100_000);
    theirs = await makeObjects(owner, MARK);
    await makeObjects(asker, "mine");
  });
  after(async () => {
    await asker?.close();
    await owner?.close();
    await cluster?.dispose();
    await receiver?.stop();
  });

  /** A bit of everything that a merchant can have: at least two of each thing that is listed. */
  async function makeObjects(merchant: Merchant, mark: string): Promise<Objects> {
    const fields = { gateway: "stripe", merchant_reference: mark, description: mark, metadata: { mark } };
    const own = `of-${merchant === owner ? "owner" : "asker"}-${++serial}`;
    const endpoint = await makeEndpoint(merchant, `${own}-endpoint`, mark);
    const spare = await makeEndpoint(merchant, `${own}-spare`, mark);
    const sold = await merchant.pay(`${own}-sold`, payment(fields));
    const refunds = await Promise.all(
      [1, 2].map((n) => merchant.untilFinal(refund(`${own}-refund-${n}`, sold, { amount: n, reason: mark }), 30_000)),
    );
    for (const end of [capture, cancel]) {
      const held = await merchant.pay(`${own}-held-${end.name}`, payment({ ...fields, ...MANUAL }));
      await merchant.untilFinal(end(`${own}-${end.name}`, held), 30_000);
    }
    await merchant.pay(`${own}-open`, payment({ ...fields, ...MANUAL }));
    await until("events were sent", 30_000, async () => {
      const sent = await merchant.send(read(`/v1/webhook_endpoints/${endpoint}/deliveries`));
      return (sent.body["data"] as unknown[]).length > 1;
    });
    const events = await merchant.send(read(`/v1/payments/${sold}/events`));
    const [event] = events.body["data"] as readonly Answer["body"][];
    const refunded = String(refunds[0]?.body["id"]);
    const keys = { key: `${own}-sold`, endpointKey: `${own}-endpoint` };
    return { payment: sold, refund: refunded, endpoint, spare, event: String(event?.["id"]), ...keys };
  }

  async function makeEndpoint(merchant: Merchant, key: string, mark: string): Promise<string> {
    const body = { url: `http://127.0.0.1:${receiver.port}/${mark}` };
    const made = await merchant.send({ method: "POST", path: "/v1/webhook_endpoints", key, body });
    expect(made.status, made.text).to.equal(201);
    return String(made.body["id"]);
  }

  const ask = (merchant: Merchant, route: Route, path: string): Promise<Answer> => {
    const call: Call = { method: route.method, path };
    if (route.method !== "POST") return merchant.send(call);
    const body = bodyFor(route, theirs);
    return merchant.send({ ...call, key: `walk-${++serial}`, ...(body !== undefined && { body }) });
  };

  /** Names of the same kind that nobody has: in the owner's slot, and in the asker's. */
  function unknownTo(segment: string): readonly string[] {
    const prefix = /^(pay|ref|whe)_/.exec(segment)?.[1] as "pay" | "ref" | "whe" | undefined;
    if (prefix === undefined) return ["nobody-used-this", "nor-this"];
    const slots = [owner, asker].map(({ id }) => slotOfMerchant(id as Parameters<typeof slotOfMerchant>[0]));
    return slots.map((slot) => mintId(prefix, slot, Date.now(), new Uint8Array(8).fill(7)));
  }

  for (const route of ROUTES.filter(isVariable))
    it(`8 and 52 ${route.method} ${route.path}: foreign is unknown`, async () => {
      const segment = segmentOf(route, theirs);
      const before = readCharges(cluster.info).length;
      const foreign = await ask(asker, route, into(route, segment));
      expect(foreign.status, foreign.text).to.equal(404);
      for (const unknown of unknownTo(segment))
        expect(traceOf(await ask(asker, route, into(route, unknown))), unknown).to.equal(traceOf(foreign));
      const malformed = await ask(asker, route, into(route, "nonsense"));
      expect(bodyOf(malformed), "no name at all").to.equal(bodyOf(foreign));
      expect(readCharges(cluster.info).length, "effects at gateways").to.equal(before);
      expect((await ask(owner, route, into(route, segment))).status, "its owner finds it").to.not.equal(404);
    });

  for (const route of ROUTES.filter((one) => needsToken(one) && !isVariable(one)))
    it(`8 and 52 ${route.method} ${route.path}: shows nothing foreign`, async () => {
      const names = [MARK, owner.id, theirs.payment, theirs.refund, theirs.endpoint];
      const answer =
        route.method === "GET"
          ? await asker.send(read(`${route.path}${LISTS.includes(route) ? "?limit=100" : ""}`))
          : await asker.untilFinal(makingCall(route), 30_000);
      expect(answer.status, answer.text).to.be.below(300);
      for (const name of names) expect(answer.text, `${route.path} shows ${name}`).to.not.include(name);
      if (route.method === "POST")
        expect(answer.headers["idempotent-replayed"], "a key is its merchant's").to.equal(undefined);
      if (route.method === "POST") return;
      const own = await owner.send(read(`${route.path}${LISTS.includes(route) ? "?limit=100" : ""}`));
      expect(own.text, "the owner's own answer is another one").to.not.equal(answer.text);
    });
  /** With a key that the other merchant has used for the same. */
  const makingCall = ({ name, path }: Route): Call =>
    name === "create_payment"
      ? { method: "POST", path, key: theirs.key, body: payment({ gateway: "stripe" }) }
      : { method: "POST", path, key: theirs.endpointKey, body: { url: `http://127.0.0.1:${receiver.port}/own` } };

  for (const route of ROUTES.filter((one) => !needsToken(one) && one.method === "GET"))
    it(`8 ${route.path}: is the same for all, and shows nobody`, async () => {
      const response = await fetch(cluster.info.apiUrl + route.path);
      const text = await response.text();
      expect(response.status).to.equal(200);
      for (const name of [MARK, owner.id, asker.id, theirs.payment]) expect(text).to.not.include(name);
    });

  for (const route of LISTS)
    it(`52 ${route.path}: the cursor of another merchant is a forged one`, async () => {
      const mine = await makeObjects(asker, `cursor-${route.name}`);
      const first = await ask(owner, route, `${into(route, segmentOf(route, theirs))}?limit=1`);
      const cursor = String(first.body["next_cursor"]);
      expect(first.body["has_more"], "there is a page behind it").to.equal(true);
      const path = into(route, segmentOf(route, mine));
      const answers = [
        await ask(asker, route, `${path}?limit=1&starting_after=${cursor}`),
        await ask(asker, route, `${path}?limit=1&starting_after=${cursor.slice(0, -2)}`),
      ];
      const [foreign, forged] = answers.map(traceOf);
      expect([answers[0]?.status, answers[0]?.body["code"]]).to.deep.equal([400, "invalid_parameter"]);
      expect(foreign).to.equal(forged);
      const next = await ask(owner, route, `${into(route, segmentOf(route, theirs))}?limit=1&starting_after=${cursor}`);
      expect(next.status, "it is good for its owner").to.equal(200);
    });

  it("52 a cursor of one list is none of another", async () => {
    const page = await asker.send(read("/v1/payments?limit=1"));
    for (const path of ["/v1/events", "/v1/payments?status=captured"]) {
      const after = `${path.includes("?") ? "&" : "?"}starting_after=${String(page.body["next_cursor"])}`;
      expect((await asker.send(read(path + after))).status, path).to.equal(400);
    }
  });

  it("52 filters find nothing foreign", async () => {
    const answer = await asker.send(read(`/v1/payments?merchant_reference=${MARK}`));
    expect(answer.body).to.deep.equal({ object: "list", data: [], has_more: false, next_cursor: null });
    const own = await owner.send(read(`/v1/payments?merchant_reference=${MARK}`));
    expect((own.body["data"] as unknown[]).length).to.equal(4);
  });

  it("10 what operators see is not behind the API's port", async () => {
    for (const path of [
      "/metrics",
      "/livez",
      "/readyz",
      "/admin",
      "/debug/pprof",
      "/actors",
      "/v1/actors",
      "/v1/merchants",
    ]) {
      const answer = await asker.send(read(path));
      expect([answer.status, answer.body["code"]], path).to.deep.equal([404, "not_found"]);
    }
  });

  it("leaves the books in order", () => expectInvariants(cluster));
});
