/** Merchants' webhook endpoints at one actor: made, rotated, removed, and every request that is repeated. */
import { expect } from "chai";
import type { EndpointId } from "../../actors/domain/index.ts";
import { isSecret } from "../../actors/webhooks/index.ts";
import { Rig, settle } from "./rig/actor-rig.ts";
import { NOBODYS, STRANGER, URL_A, URL_B, WebhookRig } from "./rig/webhook-rig.ts";
import { bound } from "./rig/wrapped-stores.ts";

const codeOf = (body: Readonly<Record<string, unknown>>): unknown => body["code"];
const fieldOf = (body: Readonly<Record<string, unknown>>): unknown =>
  (body["errors"] as readonly { pointer: string; code: string }[] | undefined)?.map(
    ({ pointer, code }) => `${pointer} ${code}`,
  );

const HOUR_MS = 3_600_000;

describe("shard actor: webhook endpoints", () => {
  const started = async (): Promise<WebhookRig> => new WebhookRig(await Rig.started("adyen"));

  it("makes one, shows its secret once more to a repeat, and stores it with its key", async () => {
    const shop = await started();
    const made = await shop.create("k", { url: "HTTPS://A.example:443/hooks", event_types: ["payment.captured"] });
    expect(made.status).to.equal(201);
    expect(made.body).to.include({ object: "webhook_endpoint", url: "https://a.example/hooks", status: "enabled" });
    expect(isSecret(String(made.body["secret"]))).to.equal(true);
    const again = await shop.create("k", { url: "HTTPS://A.example:443/hooks", event_types: ["payment.captured"] });
    expect([again.status, again.replayed, again.bytes]).to.deep.equal([201, true, made.bytes]);
    expect([...shop.rig.database.side.endpoints.values()]).to.have.length(1);
    expect(codeOf((await shop.create("k", { url: URL_B })).body)).to.equal("idempotency_key_reuse");

    const heir = new WebhookRig(await shop.rig.heir(2n));
    const later = await heir.create("k", { url: "HTTPS://A.example:443/hooks", event_types: ["payment.captured"] });
    expect([later.status, later.replayed, later.bytes]).to.deep.equal([201, true, made.bytes]);
  });

  it("shows a repeat the secret that its own request made, for 24 hours, and never a later one", async () => {
    const shop = await started();
    const made = await shop.create("c");
    const id = made.body["id"] as EndpointId;
    await shop.pass(HOUR_MS);
    const rotated = await shop.rotate("r", id);
    const secretOf = async (what: "c" | "r"): Promise<unknown> => {
      const { body, replayed } = await (what === "c" ? shop.create("c") : shop.rotate("r", id));
      expect(replayed).to.equal(true);
      return body["secret"];
    };
    const [first, second] = [made.body["secret"], rotated.body["secret"]];
    expect(first).not.to.equal(second);
    expect([await secretOf("c"), await secretOf("r")]).to.deep.equal([first, second]);
    await shop.pass(23.5 * HOUR_MS);
    expect([await secretOf("c"), await secretOf("r")]).to.deep.equal([null, second]);
    await shop.pass(HOUR_MS);
    expect([await secretOf("c"), await secretOf("r")]).to.deep.equal([null, null]);
  });

  it("never lets a payment and an endpoint have the same key, in memory and on disk", async () => {
    const shop = await started();
    await shop.rig.create("of a payment");
    expect(codeOf((await shop.create("of a payment")).body)).to.equal("idempotency_key_reuse");
    await shop.create("of an endpoint");
    await shop.rig.create("of an endpoint");
    expect(codeOf(shop.rig.last.body)).to.equal("idempotency_key_reuse");
    const heir = new WebhookRig(await shop.rig.heir(2n));
    await heir.rig.create("of an endpoint");
    expect(codeOf(heir.rig.last.body)).to.equal("idempotency_key_reuse");
    expect(codeOf((await heir.create("of a payment")).body)).to.equal("idempotency_key_reuse");
  });

  it("refuses a second request with a key that is being written, whatever it asks", async () => {
    const shop = await started();
    const [first, second, third] = [1, 2, 3];
    shop.submit(first, { kind: "createEndpoint", idempotencyKey: "k", body: { url: URL_A } });
    shop.submit(second, { kind: "createEndpoint", idempotencyKey: "k", body: { url: URL_A } });
    shop.submit(third, { kind: "createEndpoint", idempotencyKey: "k", body: { url: URL_B } });
    shop.rig.send("k");
    await settle();
    const codes = shop.rig.replies.map(({ status, code }) => code ?? String(status));
    expect(codes).to.have.members(["201", "idempotency_key_in_use", "idempotency_key_reuse", "idempotency_key_reuse"]);
    expect(shop.rig.actor.mode).to.equal("serving");
  });

  it("refuses addresses that we may not reach, and the twenty-first endpoint", async () => {
    const shop = await started();
    for (const url of ["https://127.0.0.1/", "http://shop.example/", "https://169.254.169.254/"]) {
      const { status, body } = await shop.create(url, { url });
      expect([status, codeOf(body), fieldOf(body)], url).to.deep.equal([
        422,
        "validation_failed",
        ["/url invalid_url"],
      ]);
    }
    for (let n = 0; n < 20; n++) await shop.made();
    const { status, body } = await shop.create("one more");
    expect([status, fieldOf(body)]).to.deep.equal([422, [" too_many_endpoints"]]);
    expect(shop.rig.database.side.endpointKeys).to.have.length(20);
  });

  it("answers alike for an endpoint that is unknown, foreign or removed", async () => {
    const shop = await started();
    const { id } = await shop.made();
    const unknown = await shop.remove(NOBODYS);
    expect(unknown.status).to.equal(404);
    const all = [
      await shop.remove(id, STRANGER),
      await shop.rotate("r1", NOBODYS),
      await shop.resend("s1", NOBODYS, "evt_01h455vb4pex5vsknk084sn02q"),
      await shop.resend("s2", id, "evt_01h455vb4pex5vsknk084sn02q"),
    ];
    expect([(await shop.remove(id)).status, (await shop.remove(id)).bytes]).to.deep.equal([204, unknown.bytes]);
    for (const { bytes } of [...all, await shop.rotate("r2", id)]) expect(bytes).to.equal(unknown.bytes);
    expect(shop.rig.database.side.endpoints.size).to.equal(0);
    expect((await shop.create("endpoint 1")).bytes, "a repeat of what made it").to.equal(unknown.bytes);
  });

  it("signs with the old secret for 24 hours more", async () => {
    const shop = await started();
    const { id, secret } = await shop.made();
    const rotated = await shop.rotate("r", id);
    const newest = String(rotated.body["secret"]);
    expect([rotated.status, newest === secret]).to.deep.equal([200, false]);
    expect((await shop.rotate("r", id)).bytes).to.equal(rotated.bytes);
    await shop.pay();
    await shop.exchange();
    expect(shop.sent.map(({ secrets }) => secrets)).to.deep.equal([
      [newest, secret],
      [newest, secret],
    ]);
    await shop.pass(24 * 3_600_000);
    shop.sent.length = 0;
    await shop.pay();
    await shop.exchange();
    expect(shop.sent.map(({ secrets }) => secrets)).to.deep.equal([[newest], [newest]]);
  });

  it("says that nothing was done when the database refuses, and that nobody knows when its word is lost", async () => {
    const shop = await started();
    shop.rig.database.nextOutcomes.push({ kind: "unavailable", reason: "down" });
    const refused = await shop.create("k");
    expect([refused.status, codeOf(refused.body)]).to.deep.equal([503, "storage_unavailable"]);
    await shop.pass(1_500);
    shop.rig.database.nextOutcomes.push({ kind: "unknown", written: true });
    const lost = await shop.create("k");
    expect([lost.status, codeOf(lost.body)]).to.deep.equal([503, "storage_unavailable"]);
    await shop.pass(1_500);
    const found = await shop.create("k");
    expect([found.status, found.replayed]).to.deep.equal([201, true]);
    expect(shop.rig.database.side.endpoints.size).to.equal(1);
  });

  it("asks the database nothing for merchants without endpoints", async () => {
    const asked: string[] = [];
    const rig = await Rig.started("adyen", {
      store: (store) => ({
        ...bound(store),
        read: (...args) => {
          asked.push("read");
          return store.read(...args);
        },
        findDeliveries: (...args) => {
          asked.push("findDeliveries");
          return store.findDeliveries(...args);
        },
        saveOutbox: (...args) => {
          asked.push("saveOutbox");
          return store.saveOutbox(...args);
        },
      }),
    });
    const shop = new WebhookRig(rig);
    await shop.pay();
    await shop.pass(10_000);
    expect(asked).to.deep.equal([]);
    await shop.made();
    await shop.pay();
    await shop.exchange();
    expect(asked).to.include.members(["read", "saveOutbox"]);
    expect(shop.sent).to.have.length(2);
  });
});
