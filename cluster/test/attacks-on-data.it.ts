/**
 * Attacks on what is stored, logged and parsed (faults.md §5.1), by their numbers, against a started node; with them row 48
 * of the bad input, which needs a 503 of our own.
 */
import { expect } from "chai";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { bytesOfId } from "../../actors/domain/index.ts";
import { PAN } from "../../router/test/bad-input-case.ts";
import { exchange } from "../../router/test/raw-http.ts";
import { effectsOf } from "./rig/charge-log.ts";
import { Cluster, isReady, queryOne, until } from "./rig/cluster.ts";
import { injections, requestsOf } from "./rig/fuzz.ts";
import { expectInvariants } from "./rig/invariants.ts";
import { inParallel } from "./rig/in-parallel.ts";
import { type Answer, cancel, create, limitRate, Merchant, payment, read, refund } from "./rig/merchant.ts";

/** Nobody else writes these. */
const CANARY = {
  email: "canary-email-5d1f@shop.example",
  name: "Canary Name Zaphod",
  token: "tok_canary_9c3b7e",
  description: "canary-description-71aa",
  reason: "canary-reason-e0c4",
} as const;
const WITHIN_MS = 90_000;
/** Words that would tell what we are made of. */
const INNARDS =
  /sql|postgres|pg_|relation|constraint|violat|syntax|column|stack|\.ts\b|node_modules|exception|undefined/i;
const PROBLEM_MEMBERS = ["type", "title", "status", "detail", "code", "request_id", "retryable"];
const uuidOf = (id: string): string => Buffer.from(bytesOfId(id)).toString("hex");

describe("attacks on data", function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let merchants: Merchant[] = [];
  let merchant: Merchant;
  let other: Merchant;
  let port = 0;
  let swapped: Promise<void>;

  before(async () => {
    cluster = await Cluster.start();
    merchants = await Merchant.signInMany(cluster.info, 3);
    [merchant, other] = merchants as [Merchant, Merchant];
    port = Number(new URL(cluster.info.apiUrl).port);
    await limitRate(cluster, merchants, 100_000);
    swapped = (await swapCiphertexts())();
    swapped.catch(() => {}); // awaited by its test
  });
  after(async () => {
    await Promise.all(merchants.map((one) => one.close()));
    await cluster?.dispose();
  });

  async function killNode(): Promise<void> {
    const pid = cluster.nodePid;
    process.kill(pid, "SIGKILL");
    await until("the node is back", 60_000, async () => cluster.nodePid !== pid && (await isReady(cluster.info)));
  }

  const sealedOf = async (id: string): Promise<Buffer> =>
    (await cluster.query<{ sealed: Buffer }>("SELECT sealed FROM payment WHERE id = $1", [uuidOf(id)]))[0]
      ?.sealed as Buffer;
  const seal = (id: string, sealed: Buffer) =>
    cluster.query("UPDATE payment SET sealed = $2 WHERE id = $1", [uuidOf(id), sealed]);

  /**
   * Payments whose first call was lost, so that they are to be executed by a later one; then the node loses its memory, and
   * the stored details of three of them are those of another row, and of another merchant's. Resolves when all is
   * prepared, to the rest: what the resolver executes meanwhile shows that it had the time to.
   */
  async function swapCiphertexts(): Promise<() => Promise<void>> {
    const lost = payment({ amount: 1_000, gateway: "stripe", payment_method: "tok_timeout_not_charged" });
    const begun = async (by: Merchant, key: string): Promise<string> => {
      void by.send(create(key, lost)).catch(() => {}); // the node is killed
      const id = await by.paymentOfKey(key);
      await until("the call that charges has begun", WITHIN_MS, async () => {
        return (await by.get(id)).body["gateway_reference"] !== null;
      });
      return id;
    };
    const [untouched, one, two, three, foreign] = await Promise.all([
      begun(merchant, "untouched"),
      begun(merchant, "swapped-1"),
      begun(merchant, "swapped-2"),
      begun(merchant, "swapped-3"),
      begun(other, "swapped-4"),
    ]);
    const ids = [one, two, three, foreign];
    const before = await Promise.all(ids.map(sealedOf));
    for (const [n, from] of [1, 0, 3, 2].entries()) await seal(ids[n] as string, before[from] as Buffer);
    await killNode();
    return async () => {
      await until(
        "what was not touched is executed",
        WITHIN_MS,
        async () => effectsOf(cluster.info, untouched).length > 0,
      );
      for (const [n, id] of ids.entries()) {
        const owner = n === 3 ? other : merchant;
        const { pending } = (await owner.get(id)).body as { pending: Answer["body"] | null };
        expect(pending, id).to.include({ needs_review: true });
        expect(effectsOf(cluster.info, id), "nothing is executed").to.deep.equal([]);
        await seal(id, before[n] as Buffer);
      }
    };
  }

  it("48 a key that got our own 503 goes on as the same request, and 26 the 503 says nothing of us", async () => {
    const { control, shards } = cluster.info.postgres;
    const onServer = (sql: string) => queryOne(control.ownerDsn, sql);
    const names = shards.map(({ ownerDsn }) => new URL(ownerDsn).pathname.slice(1));
    const before = await merchant.pay("before-the-outage", payment({ gateway: "stripe" }));
    for (const name of names) await onServer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    const end = () =>
      onServer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'paycluster_shard_%'");
    const calls = [create("in-the-outage", payment({ gateway: "stripe" })), refund("refund-in-the-outage", before)];
    const seen: Answer[] = [];
    try {
      await end();
      for (const call of calls) {
        let answer: Answer | Error | undefined;
        await until(`503 to ${call.path}`, 60_000, async () => {
          answer = await merchant.send(call).catch((error: Error) => error);
          return !(answer instanceof Error) && answer.status === 503;
        });
        seen.push(answer as Answer);
      }
    } finally {
      for (const name of names) await onServer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
    }
    for (const { body, text, headers } of seen) {
      expect(Object.keys(body).filter((name) => !PROBLEM_MEMBERS.includes(name))).to.deep.equal([]);
      expect(["storage_unavailable", "shard_unavailable"]).to.include(body["code"]);
      expect(text.replace(String(body["code"]), "").replace(String(body["type"]), "")).to.not.match(INNARDS);
      expect(Number(headers["retry-after"])).to.be.greaterThan(0);
    }
    const [made, refunded] = await Promise.all(calls.map((call) => merchant.untilFinal(call, WITHIN_MS)));
    expect([made?.status, refunded?.status]).to.deep.equal([201, 201]);
    expect(effectsOf(cluster.info, String(made?.body["id"]))).to.deep.equal(["sale 1999"]);
    expect(effectsOf(cluster.info, before)).to.deep.equal(["sale 1999", "refund 1999"]);
  });

  it("26 a row that the database refuses: a bare 500, and its neighbours are served", async () => {
    const broken = { description: CANARY.description, metadata: { poison: "26" }, gateway: "stripe" };
    await cluster.query(`ALTER TABLE payment ADD CONSTRAINT poison CHECK (metadata NOT LIKE '%poison%') NOT VALID`);
    const answers = await Promise.all([
      merchant.create("poison", payment({ ...broken, customer: { email: CANARY.email, name: CANARY.name } })),
      ...Array.from({ length: 10 }, (_, n) => merchant.create(`beside-poison-${n}`, payment())),
    ]);
    await cluster.query("ALTER TABLE payment DROP CONSTRAINT poison");
    const [bare, ...neighbours] = answers;
    expect([bare.status, bare.body["code"]]).to.deep.equal([500, "internal_error"]);
    expect(Object.keys(bare.body).sort()).to.deep.equal([...PROBLEM_MEMBERS].sort());
    expect(bare.text).to.not.match(INNARDS).and.to.not.include("canary");
    expect(neighbours.map(({ status }) => status)).to.deep.equal(neighbours.map(() => 201));
    expect((await merchant.createUntilFinal("poison", payment(broken), WITHIN_MS)).status, "the key is free").to.equal(
      201,
    );
  });

  it("33 the worst texts of 60 kB cost the node no more than harmless ones", async () => {
    const size = 60_000;
    const fill = (unit: string): string => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
    const body = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...payment(), ...fields });
    const bodies: Readonly<Record<string, string>> = {
      digits: body({ description: fill("4") }),
      "digits and spaces": body({ description: fill("4 1-1.1") }),
      "almost card numbers": body({ description: fill("411111111111111 ") }),
      "full-width digits": body({ description: "４".repeat(size / 3) }),
      "digits in metadata keys": body({ metadata: { [fill("41")]: "x" } }),
      "brackets in metadata": body({ metadata: { [fill("[]")]: fill("]") } }),
      "a long token": body({ payment_method: `tok_${fill("a.b-c:")}!` }),
      "a long address": body({ customer: { email: `${fill("a@a.")}!` } }),
      "a long amount": body({}).replace("1999", fill("1")),
      "a long fraction": body({}).replace("1999", `0.${fill("0")}1`),
      "a long exponent": body({}).replace("1999", `1e${fill("9")}`),
      escapes: `{"description":"${"\\u0034".repeat(size / 6)}"}`,
      "white space": `${" ".repeat(size)}{}`,
      "an open text": `{"description":"${fill('\\"')}`,
      "many members": `{${Array.from({ length: size / 10 }, (_, n) => `"k${n}":1`).join()}}`,
      "many equal members": `{${'"aaaaa":1,'.repeat(size / 10)}"b":1}`,
      nesting: `{"metadata":${"[".repeat(size / 2)}${"]".repeat(size / 2)}}`,
      "lone surrogates": `{"description":"${"\\ud800".repeat(size / 6)}"}`,
    };
    const harmless = body({ description: fill("harmless words ") });
    const cost = async (text: string, times: number): Promise<number> => {
      const before = cpuTicksOf(cluster.nodePid);
      await inParallel(Array.from({ length: times }).keys(), 4, async () => {
        const answer = await exchange(
          port,
          Buffer.from(
            `POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${merchant.token}\r\nX-Idempotency-Key: worst\r\n` +
              `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
          ),
        );
        expect(answer?.status).to.be.within(400, 422);
      });
      return (cpuTicksOf(cluster.nodePid) - before) / times;
    };
    await cost(harmless, 100); // until it is compiled
    const usual = await cost(harmless, 400);
    const dear: string[] = [];
    for (const [name, text] of Object.entries(bodies)) {
      const ratio = (await cost(text, 40)) / usual;
      // A check that looks at each character again for each one before it costs 60,000 times as much.
      if (ratio > 100) dear.push(`${name}: ${Math.round(ratio)} times`);
    }
    expect(dear).to.deep.equal([]);
  });

  it("34 quotes and scripts in every field, parameter, segment and header of the document: no 500, no word of SQL", async () => {
    const document: unknown = await (await fetch(`${cluster.info.apiUrl}/openapi.json`)).json();
    const id = await merchant.pay("fuzzed", payment({ gateway: "stripe" }));
    const requests = requestsOf(document, { token: merchant.token, segment: id });
    const statuses = new Map<number, number>();
    const pid = cluster.nodePid;
    await inParallel(requests, 8, async ({ name, bytes }) => {
      const answer = await exchange(port, bytes);
      if (answer === null) return; // a byte that no header may have
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      expect(answer.status, `${name}: ${answer.body.toString()}`).to.be.below(500);
      if (answer.status >= 400) expect(answer.body.toString(), name).to.not.match(/sql|syntax|pg_|relation/i);
    });
    console.log(`      ${requests.length} requests: ${JSON.stringify([...statuses])}`);
    expect(requests.length).to.be.greaterThan(injections.length * 30);
    expect(cluster.nodePid).to.equal(pid);
  });

  it("24 and 25 what is planted in every input stands in no log, and each line of a log is one event", async () => {
    const forging = '\u2028{"level":50,"msg":"forged"}\u0085\u001b[31m';
    const headers = `User-Agent: shop/1 ${PAN}\r\nAuthorization: Bearer ${merchant.token}\r\n`;
    for (const path of [`/v1/payments/${PAN}`, `/v1/payments?card=${PAN}`, "/v1/payments/%0d%0a%7b%22level%22:50%7d"])
      await exchange(port, `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    for (const fields of [{ card_number: PAN }, { description: PAN }, { metadata: { cvv: "737" } }])
      expect((await merchant.create(`pan-${JSON.stringify(fields).length}`, payment(fields))).status).to.equal(422);
    expect((await merchant.create("forged", payment({ description: forging }))).status).to.equal(422);
    const planted = payment({
      gateway: "stripe",
      customer: { email: CANARY.email, name: CANARY.name },
      description: `${CANARY.description} \u2028 {"level":50}`,
    });
    const id = await merchant.pay("planted", planted);
    await merchant.untilFinal(refund("planted-refund", id, { amount: 1, reason: CANARY.reason }), WITHIN_MS);
    await merchant.untilFinal(create("planted-token", payment({ payment_method: CANARY.token })), WITHIN_MS);
    const secrets = cluster.info.merchants.map(({ clientSecret }) => clientSecret);
    const leaks = [...Object.values(CANARY), PAN, merchant.token, ...secrets];
    const logs = logsOf(cluster.dataDir);
    expect(logs.map(([path]) => path).join(), "there are logs to look at").to.match(/node-1\.log.*postgres\.log/);
    for (const [path, text] of logs)
      for (const leak of leaks) expect(text.includes(leak), `${leak.slice(0, 30)} in ${path}`).to.equal(false);
    const [, nodeLog = ""] = logs.find(([path]) => path.endsWith("node-1.log")) ?? [];
    const lines = nodeLog.split("\n").filter((line) => line !== "");
    expect(lines.length).to.be.greaterThan(5);
    for (const line of lines) {
      expect(JSON.parse(line), line).to.include.keys("level", "time", "msg");
      for (const trace of ["forged", "\u2028", "\u001b"]) expect(line.includes(trace), line).to.equal(false);
    }
  });

  it("24 no database holds a card number, a token or a person's data in the clear", async () => {
    const { control, shards } = cluster.info.postgres;
    const hidden = [CANARY.email, CANARY.name, CANARY.token, PAN, ...cluster.info.merchants.map((m) => m.clientSecret)];
    let found = 0;
    for (const { ownerDsn } of [control, ...shards]) {
      const tables = await queryOne<{ name: string }>(
        ownerDsn,
        "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
      );
      for (const { name } of tables) {
        // A row as text shows bytes as hexadecimal digits.
        const rows = await queryOne<{ text: string }>(ownerDsn, `SELECT t::text AS text FROM ${name} t`);
        for (const { text } of rows) {
          if (text.includes(CANARY.description)) found++;
          for (const value of hidden) {
            expect(text.includes(value), `${value} in ${name}`).to.equal(false);
            expect(text.includes(Buffer.from(value).toString("hex")), `${value} in ${name}`).to.equal(false);
          }
        }
      }
    }
    expect(found, "the search finds what may stand there").to.be.greaterThan(0);
  });

  it("20 details of another row, or of another merchant's, are never executed: the payment is only read", async () => {
    await swapped;
    await killNode();
    for (const [by, key] of [
      [merchant, "swapped-1"],
      [merchant, "swapped-2"],
      [merchant, "swapped-3"],
      [other, "swapped-4"],
    ] as const) {
      const id = await by.paymentOfKey(key);
      expect((await by.untilFinal(cancel(`${key}-cancel`, id), WITHIN_MS)).status).to.equal(200);
      expect(effectsOf(cluster.info, id)).to.deep.equal([]);
    }
    const { body } = await merchant.send(read("/v1/idempotency/untouched"));
    expect(effectsOf(cluster.info, String(body["payment_id"])), "once, by the key that it had").to.deep.equal([
      "sale 1000",
    ]);
  });

  it("leaves the books in order", async () => {
    await until("nothing of Stripe's is open", WITHIN_MS, async () => {
      const rows = await cluster.query<{ n: number }>("SELECT count(*)::int AS n FROM operation_open");
      return rows.every(({ n }) => n === 0);
    });
    await expectInvariants(cluster);
  });
});

/** User and system time of a process, in clock ticks: what other processes do does not count. */
function cpuTicksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

/** Every log below the folder: path and text. */
function logsOf(folder: string): readonly (readonly [path: string, text: string])[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.log(?:\.old)?$/.test(path) && statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => [path, readFileSync(join(folder, path), "utf8")]);
}
