/**
 * Webhooks and crashes, by enumeration: while payments are made and sent on, the k-th write of the shard's database is lost,
 * or its word is, or the process is killed with it, for every k there is; and the process is killed after the k-th try.
 */
import { expect } from "chai";
import type { CommitOutcome, EventView, ShardStore } from "../../actors/index.ts";
import { createMemoryStore, type MemoryDatabase } from "../../storage/index.ts";
import { merchantId, Rig, settle } from "./rig/actor-rig.ts";
import { OK, type Sent, status, URL_A, URL_B, WebhookRig } from "./rig/webhook-rig.ts";
import { bound } from "./rig/wrapped-stores.ts";

const PAYMENTS = 3;
/** After it nothing is left to be tried: the second try comes within 6 s. */
const QUIET_MS = 12_000;
/** Writes of the scenario, at most. */
const WRITES_MAX = 60;

type Fault = "its word is lost" | "it is lost" | "killed before it" | "killed after it";
const FAULTS: readonly Fault[] = ["its word is lost", "it is lost", "killed before it", "killed after it"];

/** Harms the k-th write from `arm` on. */
class FaultyStore {
  readonly database: () => MemoryDatabase;
  readonly #k: number;
  readonly #fault: Fault;
  #writes = Number.NEGATIVE_INFINITY;
  struck = false;

  constructor(database: () => MemoryDatabase, k: number, fault: Fault) {
    this.database = database;
    this.#k = k;
    this.#fault = fault;
  }

  arm(): void {
    this.#writes = 0;
  }
  get killed(): boolean {
    return this.struck && this.#fault.startsWith("killed");
  }

  wrap(store: ShardStore): ShardStore {
    return {
      ...bound(store),
      commit: (lease, batch) => this.#write(() => store.commit(lease, batch)),
      saveOutbox: (lease, rows) => this.#write(() => store.saveOutbox(lease, rows)),
    };
  }

  async #write(write: () => Promise<CommitOutcome>): Promise<CommitOutcome> {
    if (this.killed) return await never();
    if (++this.#writes !== this.#k) return await write();
    this.struck = true;
    if (this.#fault === "killed before it") return await never();
    if (this.#fault === "killed after it") {
      await write();
      return await never();
    }
    this.database().nextOutcomes.push({ kind: "unknown", written: this.#fault === "its word is lost" });
    return await write();
  }
}
const never = (): Promise<CommitOutcome> => new Promise(() => {});

/** Fails the first try of each payment's first event at A. */
function picky(): WebhookRig["receive"] {
  const seen = new Set<string>();
  return ({ url, id, event }) => {
    if (url === URL_B || event.sequence > 1 || seen.has(id)) return OK;
    seen.add(id);
    return status(500);
  };
}

/** What happened to the merchant's payments since the endpoints are there. */
async function events(rig: Rig): Promise<readonly EventView[]> {
  const store = createMemoryStore({ shard: 0, database: rig.database });
  const result = await store.read(merchantId, { name: "events", page: { limit: 100, after: null } });
  return result?.name === "events" ? result.found.items : [];
}

/** Every event reached both endpoints, always with the same bytes; none that did not happen did. */
async function expectAllArrived(rig: Rig, sent: readonly Sent[], what: string): Promise<void> {
  const happened = await events(rig);
  for (const url of [URL_A, URL_B]) {
    const there = sent.filter((one) => one.url === url);
    expect(new Set(there.map(({ id }) => id)), `${what}: at ${url}`).to.deep.equal(
      new Set(happened.map(({ id }) => id)),
    );
    expect(new Set(there.map(({ id, text }) => id + text)).size, `${what}: bytes`).to.equal(happened.length);
    for (const ofPayment of Map.groupBy(there, ({ event }) => event.payment_id).values()) {
      const numbers = [...new Set(ofPayment.map(({ event }) => event.sequence))].toSorted((a, b) => a - b);
      expect(numbers, `${what}: sequence`).to.deep.equal(numbers.map((_, i) => i + 1));
    }
  }
  const states = [...rig.database.side.deliveries.values()].map(({ state }) => state);
  expect(states, what).to.deep.equal(Array(2 * happened.length).fill("delivered"));
}

async function shopWithEndpoints(store: (as: ShardStore) => ShardStore): Promise<WebhookRig> {
  const shop = new WebhookRig(await Rig.started("adyen", { store }));
  await shop.made(URL_A);
  await shop.made(URL_B);
  shop.receive = picky();
  return shop;
}

describe("webhooks and crashes", function () {
  this.timeout(60_000); // some hundred whole runs
  /** One run with the fault at write k; false: there were fewer writes. */
  async function run(k: number, fault: Fault): Promise<boolean> {
    let database: MemoryDatabase | undefined;
    const faulty = new FaultyStore(() => database as MemoryDatabase, k, fault);
    let shop = await shopWithEndpoints((as) => faulty.wrap(as));
    database = shop.rig.database;
    faulty.arm();
    const sent = shop.sent;
    for (let n = 0; n < PAYMENTS && !faulty.killed; n++) {
      await shop.pay();
      await shop.pass(100);
    }
    for (let looks = 0; looks < 8 && !faulty.killed; looks++) await shop.pass(1_000);
    if (faulty.killed) {
      const { receive } = shop;
      shop = new WebhookRig(await shop.rig.heir(2n));
      shop.receive = receive;
      await shop.pay();
    }
    await shop.pass(QUIET_MS);
    await expectAllArrived(shop.rig, [...sent, ...(shop.sent === sent ? [] : shop.sent)], `${fault}, write ${k}`);
    return faulty.struck;
  }

  for (const fault of FAULTS)
    it(`every event arrives when of any one write ${fault}`, async () => {
      let k = 1;
      while (k < WRITES_MAX && (await run(k, fault))) k++;
      expect(k, "writes that were harmed").to.be.within(12, WRITES_MAX - 1);
    });

  it("every event arrives when the process is killed after any one try, answered or not", async () => {
    for (const answered of [true, false]) {
      for (let k = 1; k <= 16; k++) {
        const shop = await shopWithEndpoints((as) => as);
        const { receive } = shop;
        let tries = 0;
        shop.receive = (one) => {
          tries++;
          return tries > k || (tries === k && !answered) ? "lost" : receive(one);
        };
        for (let n = 0; n < PAYMENTS && tries < k; n++) {
          await shop.pay();
          await shop.exchange();
        }
        await settle();
        const heir = new WebhookRig(await shop.rig.heir(2n));
        heir.receive = receive;
        await heir.pass(QUIET_MS);
        await expectAllArrived(heir.rig, [...shop.sent, ...heir.sent], `try ${k}`);
      }
    }
  });
});
