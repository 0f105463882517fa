import { expect } from "chai";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { mintId } from "../../actors/domain/index.ts";
import { hashClientSecret } from "../../router/index.ts";
import {
  type ControlStore,
  ensureKeyFile,
  fileKeyProvider,
  openControlStore,
  provisionCluster,
} from "../../storage/index.ts";

const PAYCTL = join(import.meta.dirname, "../cli/main.ts");
const MERCHANTS = [
  { id: "mer_1", clientId: "cli_1", clientSecret: "s%1" },
  { id: "mer_2", clientId: "cli_2", clientSecret: "s2" },
];

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const payctl = (...args: readonly string[]): Promise<Run> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [PAYCTL, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });

describe("payctl sandbox token", function () {
  this.timeout(20_000);
  let folder: string;
  let server: Server;
  let asked: string[];
  let answer: { status: number; body: string };

  const token = (...args: readonly string[]): Promise<Run> => payctl("sandbox", "token", "--data-dir", folder, ...args);

  before(async () => {
    server = createServer((request: IncomingMessage, response) => {
      asked.push(Buffer.from(String(request.headers.authorization).slice(6), "base64").toString());
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  after(() => server.close());
  beforeEach(() => {
    asked = [];
    answer = { status: 200, body: '{"access_token":"abc.def.ghi","token_type":"Bearer","expires_in":3600}' };
    folder = mkdtempSync(join(tmpdir(), "payctl-test-"));
    chmodSync(folder, 0o755);
    const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/token`;
    writeFileSync(join(folder, "sandbox.json"), JSON.stringify({ version: 1, tokenUrl, merchants: MERCHANTS }));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("prints the token alone", async () => {
    expect(await token()).to.deep.equal({ code: 0, stdout: "abc.def.ghi\n", stderr: "" });
    expect(asked).to.deep.equal(["cli_1:s%251"]);
    expect(statSync(PAYCTL).mode & 0o111, "executable, for npx").to.not.equal(0);
  });

  it("takes another merchant, and JSON", async () => {
    const { code, stdout } = await token("--merchant", "mer_2", "-o", "json");
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.include({ apiVersion: "payctl/v1", kind: "Token" });
    expect(JSON.parse(stdout).items[0]).to.include({ access_token: "abc.def.ghi", merchant_id: "mer_2" });
    expect(asked).to.deep.equal(["cli_2:s2"]);
  });

  const failures: readonly (readonly [
    name: string,
    args: readonly string[],
    reply: string,
    code: number,
    words: string,
  ])[] = [
    ["an unknown merchant", ["--merchant", "mer_9"], "200 {}", 3, "mer_1, mer_2"],
    ["no running sandbox", ["--data-dir", "/nonexistent"], "200 {}", 3, "npm start"],
    ["refused credentials", [], "401 {}", 4, "cli_1"],
    ["an answer that is no token", [], "200 []", 1, "no token"],
    ["trouble at the server", [], "503 {}", 1, "503"],
    ["an unknown format", ["-o", "xml"], "200 {}", 2, "table, json"],
  ];
  for (const [name, args, reply, code, words] of failures)
    it(`says so on stderr: ${name}`, async () => {
      answer = { status: Number(reply.slice(0, 3)), body: reply.slice(4) };
      const run = await token(...args);
      expect(run).to.include({ code, stdout: "" });
      expect(run.stderr).to.include(words);
    });

  it("says so when nobody listens any more", async () => {
    writeFileSync(
      join(folder, "sandbox.json"),
      JSON.stringify({ tokenUrl: "http://127.0.0.1:9/", merchants: MERCHANTS }),
    );
    const run = await token();
    expect(run.code).to.equal(1);
    expect(run.stderr).to.include("Is the sandbox running?");
  });

  it("explains itself, and guesses at a slip", async () => {
    const bare = await payctl();
    expect(bare.code).to.equal(0);
    expect(bare.stdout).to.include("sandbox").and.to.include("npx payctl sandbox token");
    const slip = await payctl("sandbox", "tokn");
    expect(slip.code).to.equal(2);
    expect(slip.stderr).to.include("Did you mean token?");
    expect((await payctl("sandbx")).stderr).to.include("Did you mean sandbox?");
  });
});

describe("payctl merchant and client, on a real control database (needs postgres)", function () {
  this.timeout(60_000);
  const prefix = `payctl_${randomBytes(4).toString("hex")}`;
  const serverUrl = process.env["TEST_POSTGRES_URL"] ?? "";
  let folder: string;
  let config: string;
  let keysFile: string;
  let ownerDsn = "";
  let store: ControlStore;

  const query = async (dsn: string, sql: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: dsn });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const create = (...args: readonly string[]): Promise<Run> =>
    payctl("merchant", "create", "--gateway", "stripe:acct_1", "--data-dir", folder, ...args);
  const idOf = ({ stdout }: Run): string => stdout.trim();
  const merchantOf = async (id: string) => (await store.loadDirectory()).merchants.find((one) => one.id === id);

  before(async function () {
    if (serverUrl === "") this.skip();
    folder = mkdtempSync(join(tmpdir(), "payctl-control-"));
    config = join(folder, "node.json");
    keysFile = join(folder, "keys.json");
    ensureKeyFile(keysFile);
    const { control } = await provisionCluster({
      controlServer: serverUrl,
      shardServers: [serverUrl],
      shardCount: 1,
      slotsOf: () => [1],
      prefix,
    });
    ownerDsn = control.ownerDsn;
    writeFileSync(join(folder, "sandbox.json"), JSON.stringify({ version: 1, postgres: { control, shards: [] } }));
    writeFileSync(config, JSON.stringify({ control: { dsn: control.dsn }, keys: { file: keysFile } }));
    const log = { info: () => {}, warn: () => {}, error: () => {} };
    store = openControlStore({ dsn: ownerDsn, who: "test", log, keys: null });
  });
  after(async () => {
    if (ownerDsn === "") return;
    await store.close();
    await query(serverUrl, `DROP DATABASE ${prefix}_control WITH (FORCE)`);
    await query(serverUrl, `DROP DATABASE ${prefix}_shard_0 WITH (FORCE)`);
    await query(serverUrl, `DROP ROLE ${prefix}_app`);
    rmSync(folder, { recursive: true, force: true });
  });

  it("adds a merchant, prints its id alone, and says how to go on", async () => {
    const run = await create();
    expect(run.code, run.stderr).to.equal(0);
    const id = idOf(run);
    expect(id).to.match(/^mer_[0-9a-z]{26}$/);
    expect(run.stderr).to.equal(`Next: npx payctl client create --merchant ${id}\n`);
    expect(await merchantOf(id)).to.deep.include({
      status: "active",
      gateways: [{ name: "stripe", account: "acct_1" }],
      currencies: null,
      rateLimitPerSecond: 100,
    });
  });

  it("adds one with everything, in JSON", async () => {
    const more = ["--gateway", "adyen:Acme_EU", "--currency", "EUR", "--currency", "JPY", "--rate-limit", "2500"];
    const run = await create(...more, "-o", "json");
    const { items, ...rest } = JSON.parse(run.stdout);
    expect(rest).to.deep.include({ apiVersion: "payctl/v1", kind: "Merchant" });
    expect(rest.next_steps).to.deep.equal([`npx payctl client create --merchant ${items[0].id}`]);
    expect(await merchantOf(items[0].id)).to.deep.include({
      gateways: [
        { name: "stripe", account: "acct_1" },
        { name: "adyen", account: "Acme_EU" },
      ],
      currencies: ["EUR", "JPY"],
      rateLimitPerSecond: 2_500,
    });
    expect(items[0]).to.deep.include({ status: "active", currencies: ["EUR", "JPY"], rate_limit_per_second: 2_500 });
  });

  it("suspends and resumes a merchant, says so when it was so already, and through a node's configuration too", async () => {
    const id = idOf(await create());
    const suspend = await payctl("merchant", "suspend", id, "--reason", "fraud", "--data-dir", folder);
    expect(suspend.code, suspend.stderr).to.equal(0);
    expect(suspend.stdout).to.match(new RegExp(`^${id} +suspended`, "m"));
    expect(suspend.stderr).to.include(`merchant resume ${id}`);
    expect((await merchantOf(id))?.status).to.equal("suspended");
    const again = await payctl("merchant", "suspend", id, "--reason", "fraud", "--data-dir", folder);
    expect([again.code, again.stderr]).to.deep.equal([0, "It was so already.\n"]);
    const resume = await payctl("merchant", "resume", id, "--reason", "cleared", "--config", config, "-o", "json");
    expect(JSON.parse(resume.stdout).items[0]).to.include({ id, status: "active" });
    expect((await merchantOf(id))?.status).to.equal("active");
    const rows = await query(
      ownerDsn,
      `SELECT reason, after FROM audit WHERE subject = '${id}' AND action = 'merchant.set_status' ORDER BY id`,
    );
    expect(rows, "one line for each change").to.deep.equal([
      { reason: "fraud", after: "suspended" },
      { reason: "cleared", after: "active" },
    ]);
  });

  it("writes who did it, and why, into the audit trail", async () => {
    const id = idOf(await create("--reason", "contract 12"));
    const rows = await query(ownerDsn, `SELECT who, action, reason FROM audit WHERE subject = '${id}'`);
    expect(rows).to.have.length(1);
    expect(rows[0]).to.include({ action: "merchant.add", reason: "contract 12" });
    expect(rows[0]?.["who"]).to.match(/^payctl:\w+/);
    const made = await payctl(
      "client",
      "create",
      "--merchant",
      id,
      "--reason",
      "pilot",
      "--data-dir",
      folder,
      "-o",
      "json",
    );
    const [client] = JSON.parse(made.stdout).items;
    expect(await query(ownerDsn, `SELECT reason FROM audit WHERE subject = '${client.client_id}'`)).to.deep.equal([
      { reason: "pilot" },
    ]);
    expect(await store.findBrokenAudit()).to.equal(undefined);
  });

  it("lists merchants as a table and as JSON", async () => {
    const id = idOf(await create("--currency", "USD"));
    const table = await payctl("merchant", "list", "--data-dir", folder);
    expect(table.stdout.split("\n")[0]).to.match(/^ID +STATUS +GATEWAYS +CURRENCIES +LIMIT\/S$/);
    expect(table.stdout).to.match(new RegExp(`^${id} +active +stripe:acct_1 +USD +100$`, "m"));
    const json = JSON.parse((await payctl("merchant", "list", "--data-dir", folder, "-o", "json")).stdout);
    expect(json.items.map((one: { id: string }) => one.id)).to.include(id);
  });

  it("makes a client whose secret is shown once and stored as its hash, through a node's configuration too", async () => {
    const merchant = idOf(await create());
    const run = await payctl("client", "create", "--merchant", merchant, "--config", config);
    expect(run.code, run.stderr).to.equal(0);
    const [, id = ""] = /^client_id +(cli_[0-9a-f]{20})$/m.exec(run.stdout) ?? [];
    const [, secret = ""] = /^client_secret +(pcsk_\S+)$/m.exec(run.stdout) ?? [];
    expect(run.stderr).to.include("shown this once").and.not.to.include(secret);
    const client = (await store.loadDirectory()).clients.find((one) => one.id === id);
    expect(client).to.include({ merchantId: merchant, status: "active" });
    expect(client?.scopes).to.have.length(6);
    const { clientSecretKey } = fileKeyProvider(keysFile);
    expect(client?.secretHashes.map((hash) => Buffer.from(hash).toString("hex"))).to.deep.equal([
      Buffer.from(hashClientSecret(secret, clientSecretKey)).toString("hex"),
    ]);
    const rows = await query(ownerDsn, `SELECT * FROM audit WHERE subject = '${id}'`);
    expect(JSON.stringify(rows)).to.include("client.add").and.not.to.include(secret);
  });

  it("gives a client only the scopes that were named", async () => {
    const merchant = idOf(await create());
    const scopes = ["--scope", "events:read", "--scope", "payments:read", "--scope", "events:read"];
    const run = await payctl("client", "create", "--merchant", merchant, "--data-dir", folder, ...scopes, "-o", "json");
    const [client] = JSON.parse(run.stdout).items;
    expect(client.scopes).to.have.members(["payments:read", "events:read"]);
    expect((await store.loadDirectory()).clients.find(({ id }) => id === client.client_id)?.scopes).to.deep.equal(
      client.scopes,
    );
  });

  const nobody = mintId("mer", 0, 1_750_000_000_000, new Uint8Array(8));
  const failures: readonly (readonly [name: string, args: readonly string[], code: number, words: string])[] = [
    ["no gateway", ["merchant", "create"], 2, "--gateway"],
    ["an unknown gateway", ["merchant", "create", "--gateway", "paypal:x"], 2, "stripe, adyen"],
    ["the benchmark's gateway", ["merchant", "create", "--gateway", "fixed-latency:x"], 2, "stripe, adyen"],
    ["a gateway without account", ["merchant", "create", "--gateway", "stripe"], 2, "NAME:ACCOUNT"],
    ["a gateway twice", ["merchant", "create", "--gateway", "stripe:a", "--gateway", "stripe:b"], 2, "twice"],
    ["an unknown currency", ["merchant", "create", "--gateway", "stripe:a", "--currency", "eur"], 2, "ISO 4217"],
    ["a limit of nothing", ["merchant", "create", "--gateway", "stripe:a", "--rate-limit", "0"], 2, "whole number"],
    ["no merchant id", ["client", "create", "--merchant", "acme"], 2, "mer_"],
    ["an unknown scope", ["client", "create", "--merchant", nobody, "--scope", "all"], 2, "payments:read"],
    ["an unknown merchant", ["client", "create", "--merchant", nobody], 3, "merchant list"],
    ["no reason to suspend", ["merchant", "suspend", nobody], 2, "--reason"],
    ["nobody to suspend", ["merchant", "suspend", nobody, "--reason", "x"], 3, "merchant list"],
    ["an unknown command", ["merchant", "crate"], 2, "Did you mean create?"],
    ["no sandbox", ["merchant", "list", "--data-dir", "/nonexistent"], 3, "npm start"],
    ["no such configuration", ["merchant", "list", "--config", "/nonexistent.json"], 3, "ENOENT"],
    ["a configuration that is none", ["merchant", "list", "--config", PAYCTL], 1, "not JSON"],
  ];
  for (const [name, args, code, words] of failures)
    it(`refuses with exit code ${code}, and changes nothing: ${name}`, async () => {
      const before = await store.loadDirectory();
      const where = args.includes("--data-dir") || args.includes("--config") ? [] : ["--data-dir", folder];
      const run = await payctl(...args, ...where);
      expect([run.code, run.stdout], run.stderr).to.deep.equal([code, ""]);
      expect(run.stderr).to.include(words);
      expect(await store.loadDirectory()).to.deep.equal(before);
    });

  it("says so when the database is away, and shows no password", async () => {
    const away = join(folder, "away.json");
    writeFileSync(
      away,
      JSON.stringify({ control: { dsn: "postgres://u:secret@127.0.0.1:9/x" }, keys: { file: keysFile } }),
    );
    const run = await payctl("merchant", "list", "--config", away);
    expect([run.code, run.stdout]).to.deep.equal([1, ""]);
    expect(run.stderr).to.include(away).and.not.to.include("secret");
  });
});
