/** Events on their way to merchants' endpoints, as one actor keeps and sends them. */
import { expect } from "chai";
import { LADDER_MS } from "../../actors/webhooks/index.ts";
import { Rig, settle } from "./rig/actor-rig.ts";
import { HANGS, idsAt, OK, status, TIMEOUT, URL_A, URL_B, WebhookRig } from "./rig/webhook-rig.ts";
import { bound, type Gate, gatedAt } from "./rig/wrapped-stores.ts";

const HOUR_MS = 3_600_000;

describe("shard actor: webhooks", () => {
  const started = async (): Promise<WebhookRig> => new WebhookRig(await Rig.started("adyen"));
  /** One whose store answers only when the test lets it. */
  const gated = async (
    method: "saveOutbox" | "findDeliveries" = "saveOutbox",
  ): Promise<{ shop: WebhookRig; gate: Gate }> => {
    const gate = gatedAt(method);
    return { shop: new WebhookRig(await Rig.started("adyen", { store: gate.store })), gate };
  };

  it("sends what happens from then on, each event once, in a sequence without a gap", async () => {
    const shop = await started();
    await shop.pay();
    const { id, secret } = await shop.made();
    await shop.pay();
    await shop.exchange();
    const [first, second] = shop.sent;
    expect(shop.sent.map(({ event }) => [event.type, event.sequence])).to.deep.equal([
      ["payment.pending", 1],
      ["payment.captured", 2],
    ]);
    expect([first?.url, first?.secrets, first?.id]).to.deep.equal([URL_A, [secret], first?.event.id]);
    expect(second?.id).not.to.equal(first?.id);
    await shop.pass(HOUR_MS);
    expect(shop.sent).to.have.length(2);
    expect(shop.deliveries(id).map(({ state, attempts }) => [state, attempts])).to.deep.equal([
      ["delivered", 1],
      ["delivered", 1],
    ]);
  });

  it("writes at most 200 deliveries at once, however many endpoints are behind", async () => {
    const sizes: number[] = [];
    const shop = new WebhookRig(
      await Rig.started("adyen", {
        store: (store) => ({
          ...bound(store),
          saveOutbox: (lease, rows) => {
            sizes.push(rows.deliveries.length);
            return store.saveOutbox(lease, rows);
          },
          read: (...asked) => (isAway ? Promise.reject(new Error("away")) : store.read(...asked)),
        }),
      }),
    );
    let isAway = false;
    for (let n = 0; n < 20; n++) await shop.made(`https://shop-${n}.example/`);
    isAway = true;
    for (let n = 0; n < 25; n++) await shop.pay();
    isAway = false;
    shop.receive = () => "lost";
    await shop.pass(3_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.equal(1_000);
    expect(Math.max(...sizes)).to.equal(200);
  });

  it("sends each endpoint only the types that it wants", async () => {
    const shop = await started();
    await shop.made(URL_A, { event_types: ["payment.captured", "refund.succeeded"] });
    await shop.made(URL_B);
    for (let n = 0; n < 3; n++) await shop.pay();
    await shop.exchange();
    expect(shop.sent.filter(({ url }) => url === URL_A).map(({ event }) => event.type)).to.deep.equal(
      Array(3).fill("payment.captured"),
    );
    expect(idsAt(shop.sent, URL_B)).to.have.length(6);
    expect(shop.rig.database.side.events.size).to.equal(6);
  });

  it("tries again on the ladder and gives up after 72 hours", async () => {
    const shop = await started();
    const { id } = await shop.made(URL_A, { event_types: ["payment.captured"] });
    shop.receive = () => status(500);
    const beganAtMs = shop.rig.nowMs;
    await shop.pay();
    await shop.exchange();
    while (shop.deliveries(id).some(({ state }) => state === "waiting") && shop.rig.nowMs < beganAtMs + 2 * LADDER_MS) {
      const nextMs = shop.deliveries(id)[0]?.nextAttemptAtMs ?? shop.rig.nowMs;
      await shop.pass(Math.max(50, nextMs - shop.rig.nowMs));
    }
    const waitsS = shop.sent.slice(1).map(({ atMs }, i) => (atMs - (shop.sent[i]?.atMs ?? 0)) / 1_000);
    // The rig's chance is always 0, so each wait is 80 % of its cell: 5 s, 30 s, 2, 10 and 30 min, 1, 2, 4 and 8 h.
    const ladder = [4, 24, 96, 480, 1_440, 2_880, 5_760, 11_520, 23_040];
    for (const [i, wait] of ladder.entries()) expect(waitsS[i], `wait ${i + 1}`).to.be.closeTo(wait, 0.01 * wait + 0.2);
    expect((shop.sent.at(-1)?.atMs ?? 0) - beganAtMs).to.be.closeTo(LADDER_MS, 60_000);
    expect(new Set(shop.sent.map(({ id: sent, text }) => `${sent} ${text}`))).to.have.property("size", 1);
    const [delivery] = shop.deliveries(id);
    expect(delivery).to.include({ state: "given_up", lastStatus: 500, lastFailure: "status_500" });
    expect(delivery?.attempts).to.equal(shop.sent.length);
    shop.sent.length = 0;
    await shop.pass(24 * HOUR_MS);
    expect(shop.sent).to.have.length(0);
  });

  it("stops for good at 410, whatever waits", async () => {
    const shop = await started();
    const { id } = await shop.made();
    for (let n = 0; n < 5; n++) await shop.pay();
    shop.receive = () => status(410);
    await shop.exchange();
    await shop.pass(5_000);
    const tried = shop.sent.length;
    expect(tried).to.be.within(1, 2);
    expect(shop.rig.database.side.endpoints.get(id)).to.include({ status: "disabled", disabledBecause: "gone" });
    expect(shop.deliveries(id).map(({ state }) => state)).to.deep.equal(Array(10).fill("given_up"));
    await shop.pay();
    await shop.pass(HOUR_MS);
    expect(shop.sent).to.have.length(tried);
    expect(shop.deliveries(id)).to.have.length(10);
    const [one] = shop.deliveries(id);
    expect((await shop.resend("s", id, String(one?.eventId))).status).to.equal(422);
    const heir = new WebhookRig(await shop.rig.heir(2n));
    await heir.pass(HOUR_MS);
    expect(heir.sent).to.have.length(0);
  });

  it("disables one that answers 410 while another's result is being written", async () => {
    const { shop, gate } = await gated();
    const a = await shop.made(URL_A, { event_types: ["payment.captured"] });
    const b = await shop.made(URL_B, { event_types: ["payment.captured"] });
    await shop.pay();
    const tries = shop.rig.dispatches.splice(0);
    shop.receive = ({ url }) => (url === URL_A ? OK : status(410));
    gate.close();
    shop.answer(tries.filter(({ url }) => url === URL_A));
    await settle();
    shop.answer(tries.filter(({ url }) => url === URL_B));
    await settle();
    gate.open();
    await shop.pass(1_000);
    const { endpoints } = shop.rig.database.side;
    expect(endpoints.get(a.id)?.status).to.equal("enabled");
    expect(endpoints.get(b.id)).to.include({ status: "disabled", disabledBecause: "gone" });
    shop.sent.length = 0;
    await shop.pay();
    await shop.pass(HOUR_MS);
    expect(shop.sent.map(({ url }) => url)).to.deep.equal([URL_A]);
  });

  it("keeps as delivered what was answered while the rest was being given up", async () => {
    const { shop, gate } = await gated("findDeliveries");
    const { id } = await shop.made(URL_A, { event_types: ["payment.captured"] });
    await shop.pay();
    await shop.exchange();
    for (let n = 0; n < 3; n++) await shop.pay();
    const [first, second] = shop.rig.dispatches.splice(0);
    gate.close();
    shop.receive = () => status(410);
    if (first !== undefined) shop.answer([first]);
    await settle();
    shop.receive = () => OK;
    if (second !== undefined) shop.answer([second]);
    await shop.pass(100);
    expect(shop.delivery(id, String(second?.eventId))?.state).to.equal("delivered");
    gate.open();
    await shop.pass(5_000);
    const states = shop.deliveries(id).map(({ eventId, state }) => (eventId === second?.eventId ? "second" : state));
    expect(states).to.have.members(["delivered", "given_up", "second", "given_up"]);
    expect(shop.delivery(id, String(second?.eventId))).to.include({ state: "delivered", lastFailure: null });
  });

  it("has a successor give up what waits for an endpoint that was removed", async () => {
    const { shop, gate } = await gated("findDeliveries");
    const { id } = await shop.made();
    shop.receive = () => TIMEOUT;
    for (let n = 0; n < 120; n++) await shop.pay();
    await shop.exchange();
    gate.close();
    expect((await shop.remove(id)).status).to.equal(204);
    expect(shop.deliveries(id).filter(({ state }) => state === "waiting")).to.have.length(240);
    const heir = new WebhookRig(await shop.rig.heir(2n));
    await heir.pass(5_000);
    expect(heir.deliveries(id).filter(({ state }) => state === "waiting")).to.have.length(0);
    expect(heir.sent).to.have.length(0);
  });

  it("puts back only the one whose row the database refuses", async () => {
    let poison = "";
    const shop = new WebhookRig(
      await Rig.started("adyen", {
        store: (store) => ({
          ...bound(store),
          saveOutbox: (lease, rows) =>
            rows.deliveries.some(({ eventId, attempts }) => eventId === poison && attempts > 0)
              ? Promise.resolve({ kind: "rejected", sqlState: "23514", constraint: "poison" })
              : store.saveOutbox(lease, rows),
        }),
      }),
    );
    const a = await shop.made(URL_A, { event_types: ["payment.captured"] });
    const b = await shop.made(URL_B, { event_types: ["payment.captured"] });
    await shop.pay();
    await shop.exchange();
    for (let n = 0; n < 6; n++) await shop.pay();
    const tries = shop.rig.dispatches.splice(0);
    expect(tries.length).to.be.above(8);
    poison = String(tries[0]?.eventId);
    shop.receive = ({ url, id }) => (url === URL_B && id === poison ? status(410) : OK); // it wants nothing any more
    shop.answer(tries);
    await settle();
    await shop.pass(100);
    const waiting = [...shop.deliveries(a.id), ...shop.deliveries(b.id)].filter(({ state }) => state === "waiting");
    expect(new Set(waiting.map(({ eventId }) => eventId))).to.deep.equal(new Set([poison]));
    expect(shop.rig.database.side.endpoints.get(b.id)?.status).to.equal("disabled");
    expect(shop.rig.errors).to.include("the database refused what became of a delivery");
  });

  it("gives up what waits for an endpoint that is removed, and forgets its secret", async () => {
    const shop = await started();
    const { id } = await shop.made();
    shop.receive = () => TIMEOUT;
    for (let n = 0; n < 60; n++) await shop.pay();
    await shop.exchange();
    expect((await shop.remove(id)).status).to.equal(204);
    await shop.pass(5_000);
    expect(shop.deliveries(id).filter(({ state }) => state === "waiting")).to.have.length(0);
    shop.sent.length = 0;
    await shop.pay();
    await shop.pass(HOUR_MS);
    expect(shop.sent).to.have.length(0);
  });

  it("sends again by hand what was delivered, what was given up, and what waits", async () => {
    const shop = await started();
    const { id } = await shop.made(URL_A, { event_types: ["payment.captured"] });
    await shop.pay();
    await shop.exchange();
    const eventId = String(shop.sent[0]?.id);
    const first = await shop.resend("s1", id, eventId);
    expect([first.status, first.body["status"], first.body["event_id"]]).to.deep.equal([202, "waiting", eventId]);
    await shop.exchange();
    expect(shop.sent.map(({ id: sent }) => sent)).to.deep.equal([eventId, eventId]);
    expect(shop.sent[1]?.text).to.equal(shop.sent[0]?.text);
    const repeated = await shop.resend("s1", id, eventId);
    expect([repeated.status, repeated.replayed, repeated.body["status"]]).to.deep.equal([202, true, "delivered"]);
    await shop.exchange();
    expect(shop.sent).to.have.length(2);

    shop.receive = () => status(500);
    await shop.resend("s2", id, eventId);
    await shop.exchange();
    const onLadder = shop.delivery(id, eventId);
    expect(onLadder).to.include({ state: "waiting", attempts: 1 });
    shop.receive = () => OK;
    await shop.resend("s3", id, eventId); // does not wait for the ladder
    await shop.exchange();
    expect(shop.delivery(id, eventId)).to.include({ state: "delivered", attempts: 1, lastFailure: null });
  });

  it("sends again by hand at once, though the receiver rests, but never more than asked", async () => {
    const shop = await started();
    const { id } = await shop.made(URL_A, { event_types: ["payment.captured"] });
    await shop.pay();
    await shop.exchange();
    const eventId = String(shop.sent[0]?.id);
    shop.receive = () => TIMEOUT;
    for (let n = 0; n < 20; n++) {
      await shop.pay();
      await shop.exchange();
    }
    await shop.pass(HOUR_MS);
    expect(shop.rig.actor.snapshot().webhooks.down).to.equal(1);
    shop.sent.length = 0;
    await shop.resend("s1", id, eventId);
    await shop.pass(5_000);
    expect(shop.sent.map(({ id: sent }) => sent)).to.deep.equal([eventId]);
    shop.receive = () => OK;
    await shop.resend("s2", id, eventId);
    await shop.pass(2_000);
    expect(shop.delivery(id, eventId)?.state).to.equal("delivered");
    await shop.pass(HOUR_MS);
    expect(shop.deliveries(id).map(({ state }) => state)).to.deep.equal(Array(21).fill("delivered"));
  });

  it("sends again once what is under way, and gives what is resent after its 72 hours as many more", async () => {
    const shop = await started();
    const { id } = await shop.made(URL_A, { event_types: ["payment.captured"] });
    await shop.pay();
    await settle();
    const underWay = shop.rig.dispatches.splice(0);
    const eventId = String(underWay[0]?.eventId);
    await shop.resend("s", id, eventId);
    shop.answer(underWay);
    await shop.pass(100);
    expect(shop.sent.map(({ id: sent }) => sent)).to.deep.equal([eventId, eventId]);

    await shop.pass(4 * 24 * HOUR_MS);
    shop.receive = () => status(503);
    await shop.resend("late", id, eventId);
    await shop.pass(50 * HOUR_MS);
    expect(shop.delivery(id, eventId)?.state).to.equal("waiting");
    await shop.pass(48 * HOUR_MS);
    expect(shop.delivery(id, eventId)).to.include({ state: "given_up", lastStatus: 503 });
  });

  it("never lets a receiver that is away hold up another, nor fill the memory", async () => {
    const shop = await started();
    const dead = await shop.made(URL_A);
    await shop.made(URL_B);
    shop.receive = ({ url }) => (url === URL_A ? HANGS : OK);
    for (let n = 0; n < 60; n++) {
      await shop.pay();
      await shop.exchange();
    }
    await shop.pass(200);
    expect(idsAt(shop.sent, URL_B), "all of the other's").to.have.length(120);
    expect(shop.sent.filter(({ url }) => url === URL_A).length).to.be.at.most(2);
    await shop.pass(HOUR_MS);
    const { waiting, inFlight, down } = shop.rig.actor.snapshot().webhooks;
    expect([down, shop.deliveries(dead.id).filter(({ state }) => state === "waiting").length]).to.deep.equal([1, 120]);
    expect(waiting).to.be.at.most(20);
    expect(inFlight).to.be.at.most(2);
    const triesInAnHour = shop.sent.filter(({ url }) => url === URL_A).length;
    expect(triesInAnHour).to.be.at.most(20);

    shop.receive = () => OK; // it is back
    await shop.pass(HOUR_MS);
    expect(idsAt(shop.sent, URL_A)).to.have.length(120);
    expect(shop.deliveries(dead.id).map(({ state }) => state)).to.deep.equal(Array(120).fill("delivered"));
  });

  it("gives up in one go what waited 72 hours for a receiver that never came back", async () => {
    const shop = await started();
    const { id } = await shop.made();
    shop.receive = () => TIMEOUT;
    for (let n = 0; n < 150; n++) await shop.pay();
    await shop.pass(LADDER_MS + 24 * HOUR_MS);
    expect(shop.deliveries(id).filter(({ state }) => state !== "given_up")).to.have.length(0);
    expect(shop.sent.length).to.be.at.most(1_000);
  });

  it("leaves a receiver alone for as long as it asks", async () => {
    const shop = await started();
    await shop.made();
    shop.receive = () => status(429, 120_000);
    await shop.pay();
    await shop.pass(119_000);
    const before = shop.sent.length;
    expect(before).to.be.at.most(2);
    shop.receive = () => OK;
    await shop.pass(120_000);
    expect(idsAt(shop.sent, URL_A)).to.have.length(2);
  });

  it("tries later what found no socket, and holds it against nobody", async () => {
    const shop = await started();
    const { id } = await shop.made();
    let busy = 10;
    shop.receive = () => (busy-- > 0 ? { kind: "failed", reason: "busy" } : OK);
    await shop.pay();
    await shop.pass(15_000);
    expect(shop.deliveries(id).map(({ state, attempts }) => `${state} ${attempts}`)).to.deep.equal(
      Array(2).fill("delivered 1"),
    );
  });

  it("sends nothing while it is not sure to be the owner", async () => {
    const shop = await started();
    await shop.made();
    await shop.pay();
    await shop.exchange();
    shop.receive = () => "lost";
    for (let n = 0; n < 6; n++) await shop.pay();
    const underWay = shop.rig.dispatches.splice(0);
    expect(underWay).to.have.length(8); // the other four are ready in memory
    shop.receive = () => OK;
    shop.rig.turnClockWithoutSweep(60_000);
    const heir = new WebhookRig(await shop.rig.heir(2n));
    shop.answer(underWay);
    await shop.rig.pass(50);
    expect(shop.rig.dispatches).to.have.length(0);
    await heir.pass(1_000);
    expect(heir.sent).to.have.length(12);
  });

  it("sends nothing twice to a receiver that takes its time, however much waits", async () => {
    const shop = await started();
    await shop.made();
    await shop.pay();
    await shop.exchange();
    shop.receive = () => ({ afterMs: 400, outcome: OK });
    for (let n = 0; n < 40; n++) {
      await shop.pay();
      if (n % 4 === 0) await shop.pass(100);
    }
    await shop.pass(60_000);
    expect(shop.sent).to.have.length(82);
    expect(idsAt(shop.sent, URL_A)).to.have.length(82);
  });

  it("keeps half of its tries for receivers that answer at once", async () => {
    const shop = await started();
    const hanging = Array.from({ length: 19 }, (_, n) => `https://hangs-${n}.example/`);
    for (const url of hanging) await shop.made(url);
    await shop.made(URL_B);
    await shop.pay();
    await shop.exchange();
    shop.receive = ({ url }) => (url === URL_B ? OK : HANGS);
    for (let n = 0; n < 8; n++) await shop.pay();
    await shop.exchange(); // they were quick before: each may hang with eight
    await shop.pass(11_000);
    const { inFlight } = shop.rig.actor.snapshot().webhooks;
    expect(inFlight).to.be.within(1, 32);
    await shop.pay();
    await shop.exchange();
    expect(idsAt(shop.sent, URL_B)).to.have.length(20);
  });

  it("sends what waits to its successor, with what was committed while nobody sent", async () => {
    const shop = await started();
    await shop.made();
    shop.receive = () => "lost";
    for (let n = 0; n < 3; n++) await shop.pay();
    await settle();
    const lost = shop.rig.dispatches.splice(0); // with the thread
    expect(lost.length).to.be.above(0);
    const heir = new WebhookRig(await shop.rig.heir(2n));
    await heir.pass(1_000);
    expect(idsAt(heir.sent, URL_A)).to.have.length(6);
    shop.answer(lost);
    await settle();
  });

  it("takes no notice of answers that nobody waits for", async () => {
    const shop = await started();
    await shop.made();
    shop.rig.actor.onDispatched([{ deliveryKey: "17", outcome: OK, tookMs: 1 }]);
    await shop.pay();
    await settle();
    const tries = shop.rig.dispatches.splice(0);
    shop.answer(tries);
    shop.answer(tries);
    await shop.pass(1_000);
    expect(shop.rig.actor.snapshot().webhooks).to.include({ inFlight: 0, waiting: 0, down: 0 });
  });
});
