/** A gateway that takes no connection (faults.md G1, G9, I26): refused before T1, the other one unaffected, all ends well. */
import { expect } from "chai";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Rig as Gateways, startRig } from "../../ops/sandbox/gateways/test-rig.ts";
import { Cluster, until } from "./rig/cluster.ts";
import { limitRate, Merchant, type Answer } from "./rig/merchant.ts";

/** Passes connections on, or is not there at all. */
class Door {
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(target: string) {
    this.#target = Number(new URL(target).port);
  }
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  async open(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.#target, "127.0.0.1");
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket);
        socket.on("error", () => other.destroy()).on("close", () => this.#sockets.delete(socket));
        socket.pipe(other);
      }
    });
    await new Promise<void>((done) => server.listen(this.#port, "127.0.0.1", done));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server?.close(done) ?? done(undefined));
    this.#server = undefined;
  }
}

const PAYMENTS = 14;
const body = (gateway: string) => ({ amount: 1_000, currency: "EUR", payment_method: "tok_visa", gateway });
const codeOf = (answer: Answer): unknown => answer.body["code"];

describe("a dark gateway", function () {
  this.timeout(180_000);
  let gateways: Gateways;
  let door: Door;
  let cluster: Cluster;
  let merchant: Merchant;

  before(async () => {
    gateways = await startRig();
    door = new Door(gateways.stripeUrl);
    await door.open();
    cluster = await Cluster.start("--stripe-url", door.url);
    merchant = await Merchant.signIn(cluster.info);
    await limitRate(cluster, [merchant], 100_000);
  });
  after(async () => {
    await merchant?.close();
    await cluster?.dispose();
    await door?.close();
    await gateways?.stop();
  });

  it("G1, G9, I26 refuses at once before T1, leaves the other gateway alone, and comes back by itself", async () => {
    await merchant.pay("light", body("stripe"));
    await door.close();
    const begun = Promise.all(Array.from({ length: PAYMENTS }, (_, i) => merchant.create(`dark-${i}`, body("stripe"))));
    let tries = 0;
    await until("the breaker is open", 30_000, async () => {
      const answer = await Promise.race([merchant.create(`knock-${tries++}`, body("stripe")), later(1_000)]);
      return answer !== undefined && codeOf(answer) === "gateway_unavailable";
    });
    const refused = await Promise.all(
      Array.from({ length: 50 }, (_, i) => merchant.create(`refused-${i}`, body("stripe"))),
    );
    for (const answer of refused) {
      expect([answer.status, codeOf(answer)]).to.deep.equal([503, "gateway_unavailable"]);
      expect(Number(answer.headers["retry-after"])).to.be.within(1, 20);
    }
    const kept = await cluster.query("SELECT 1 FROM idempotency WHERE key LIKE 'refused-%'");
    expect(kept, "nothing was written of them").to.deep.equal([]);
    expect((await merchant.create("by-name", body("adyen"))).status).to.equal(201);
    const chosen = await merchant.create("by-choice", body("auto"));
    expect([chosen.status, chosen.body["gateway"]]).to.deep.equal([201, "adyen"]);

    await door.open();
    await until("payments go to Stripe again", 60_000, async () => {
      const answer = await merchant.create(`light-${tries++}`, body("stripe"));
      return answer.status === 201;
    });
    for (const answer of await begun) expect(answer.status).to.be.oneOf([201, 202]);
    for (let i = 0; i < PAYMENTS; i++) await merchant.createUntilFinal(`dark-${i}`, body("stripe"), 60_000);
    const keys = gateways.chargeLines("stripe").map(({ key }) => key);
    expect(new Set(keys).size, "each once").to.equal(keys.length);
    expect(keys.length).to.be.at.least(PAYMENTS + 2);
  });
});

const later = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
