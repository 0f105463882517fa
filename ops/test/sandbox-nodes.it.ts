import { expect } from "chai";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { nameProcess, waitFor } from "../sandbox/processes.ts";
import { readSandboxFile, type SandboxFile } from "../sandbox/sandbox-file.ts";
import { processesOf, SandboxProcess } from "./sandbox-process.ts";

const START = join(import.meta.dirname, "stand-ins/start.ts");
const NODES = ["node-1", "node-2", "node-3"];

describe("a sandbox of three nodes, with two real PostgreSQL servers and stand-ins for nodes and simulators", function () {
  this.timeout(120_000);
  let folder: string;
  let running: SandboxProcess[];

  const start = (...options: readonly string[]): SandboxProcess => {
    const sandbox = new SandboxProcess([process.execPath, START, "--data-dir", folder, ...options], folder);
    running.push(sandbox);
    return sandbox;
  };
  const end = async (sandbox: SandboxProcess): Promise<void> => {
    sandbox.child.kill("SIGTERM");
    expect(await sandbox.ended()).to.equal(0);
    expect(processesOf(folder)).to.deep.equal([]);
  };
  const now = (): SandboxFile => readSandboxFile(folder) as SandboxFile;
  const logOf = (node: string): string => readFileSync(join(folder, `logs/${node}.log`), "utf8");

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sandbox-nodes-test-"));
    chmodSync(folder, 0o755);
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((sandbox) => sandbox.dispose()));
    expect(processesOf(folder)).to.deep.equal([]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("says where each node is, each answers on ports of its own, and a second start is refused", async () => {
    const sandbox = start("--nodes", "3", "--gateway-calls-per-second", "100", "--gateway-calls-in-flight", "2");
    const file = await sandbox.ready();
    expect(file.nodes.map(({ id }) => id)).to.deep.equal(NODES);
    expect([file.apiUrl, file.adminUrl]).to.deep.equal([file.nodes[0]?.apiUrl, file.nodes[0]?.adminUrl]);
    const configs = NODES.map((node) => JSON.parse(readFileSync(join(folder, `${node}.config.json`), "utf8")));
    const ports = configs.flatMap(({ api, admin, peers }) => [api.port, admin.port, peers.port]);
    expect(new Set(ports).size, "no port twice").to.equal(9);
    for (const [i, { id, pid, apiUrl, adminUrl }] of file.nodes.entries()) {
      expect(sandbox.stdout).to.include(`${id}  API ${apiUrl}  admin ${adminUrl}  process ${pid}`);
      for (const url of [apiUrl, adminUrl]) expect((await fetch(url)).status).to.equal(200);
      expect(configs[i]).to.deep.include({
        node: { id },
        issuer: file.apiUrl,
        gatewayCallsPerSecond: 33,
        gatewayCallsInFlight: 1,
      });
    }
    expect(new Set(file.nodes.map(({ pid }) => pid)).size).to.equal(3);
    expect(sandbox.stdout).to.include("2 x PostgreSQL 18 (embedded)").and.to.include("3 nodes");
    expect(file.postgres.servers.map(({ pid }) => pid)).to.deep.equal([
      serverPid(folder, "postgres"),
      serverPid(folder, "postgres-2"),
    ]);
    const second = start("--nodes", "3");
    expect(await second.ended()).to.equal(1);
    expect(second.stderr).to.include(String(file.pid)).and.to.include(file.apiUrl);
    for (const { apiUrl } of file.nodes) expect((await fetch(apiUrl)).status).to.equal(200);
    expect(now()).to.deep.equal(file);
  });

  it("starts a killed node or server again alone, on the same ports", async () => {
    const sandbox = start("--nodes", "3");
    const before = await sandbox.ready();
    process.kill(pidOf(before, "node-2"), "SIGKILL");
    await until(() => pidOf(now(), "node-2") !== pidOf(before, "node-2"));
    const server = before.postgres.servers[1]?.pid as number;
    process.kill(server, "SIGKILL");
    await until(() => ![server, 0].includes(now().postgres.servers[1]?.pid as number));
    const after = now();
    for (const { id, apiUrl, adminUrl, pid } of before.nodes) {
      expect(after.nodes.find((node) => node.id === id)).to.deep.include({ apiUrl, adminUrl });
      if (id !== "node-2") expect(pidOf(after, id), id).to.equal(pid);
      expect((await fetch(apiUrl)).status, id).to.equal(200);
    }
    expect(after.postgres.servers[0]).to.deep.equal(before.postgres.servers[0]);
    expect(after.postgres.shards).to.deep.equal(before.postgres.shards);
    expect(sandbox.stderr).to.include("node-2 is back").and.to.include("PostgreSQL 2 is back");
    expect(sandbox.stderr).to.not.include("node-1 ended").and.not.to.include("node-3 ended");
  });

  it("drains all nodes at the same time, and leaves nothing but its data", async () => {
    const sandbox = start("--nodes", "3");
    const slow = pidOf(await sandbox.ready(), "node-1");
    process.kill(slow, "SIGSTOP");
    sandbox.child.kill("SIGINT");
    await until(() => ["node-2", "node-3"].every((node) => logOf(node).includes("drained")));
    expect(logOf("node-1")).to.not.include("drain");
    expect(existsSync(join(folder, "lock.json")), "the folder is still held").to.equal(true);
    process.kill(slow, "SIGCONT");
    expect(await sandbox.ended()).to.equal(0);
    expect(logOf("node-1")).to.include("drained");
    for (const gone of ["sandbox.json", "lock.json", "processes.json"])
      expect(existsSync(join(folder, gone)), gone).to.equal(false);
  });

  it("ends at once when it is asked three times", async () => {
    const sandbox = start("--nodes", "3");
    const file = await sandbox.ready();
    process.kill(pidOf(file, "node-3"), "SIGSTOP"); // its drain would take until it is killed
    // One Ctrl-C of a terminal may come twice: only what comes a while later counts again.
    const ask = async (isHeard: () => boolean): Promise<void> => {
      do sandbox.child.kill("SIGINT");
      while (!(await waitFor(isHeard, 1_000)));
    };
    await ask(() => sandbox.stderr.includes("ending: 3 nodes"));
    await ask(() => sandbox.stderr.includes("once more"));
    await ask(() => sandbox.hasEnded);
    expect(await sandbox.ended()).to.equal(1);
    expect(sandbox.stderr).to.include("ended at once");
    await until(() => processesOf(folder).length === 0);
  });

  it("ends the nodes and servers that a killed holder left over, though fewer nodes are wanted", async () => {
    const first = start("--nodes", "3");
    const file = await first.ready();
    const left = [...file.nodes, ...file.postgres.servers].map(({ pid }) => nameProcess(pid as number));
    process.kill(pidOf(file, "node-3"), "SIGSTOP"); // a frozen part cannot end by itself
    first.child.kill("SIGKILL");
    expect(await first.ended()).to.equal("SIGKILL");
    const again = await start().ready();
    for (const name of left) expect(nameProcess(name?.pid as number)?.startTicks).to.not.equal(name?.startTicks);
    expect(again.nodes.map(({ id }) => id)).to.deep.equal(["node-1"]);
    const passwords = ({ postgres }: SandboxFile): unknown =>
      postgres.servers.map((one) => new URL(one.ownerUrl).password);
    expect(passwords(again), "both servers, with the same data").to.deep.equal(passwords(file));
  });

  it("puts odd shards on the second server, and finds them there with one node", async () => {
    const first = start("--nodes", "2", "--shards", "3");
    const file = await first.ready();
    expect(placesOf(file)).to.deep.equal([0, 1, 0]);
    expect(first.stdout).to.not.include("stay on");
    await mark(file, "odd shard");
    await end(first);
    const again = await start("--shards", "3").ready();
    expect(placesOf(again)).to.deep.equal([0, 1, 0]);
    expect(await readMark(again)).to.equal("odd shard");
  });

  it("leaves the shards of an older folder where they are when nodes are added, and says so", async () => {
    const first = start("--shards", "2");
    const file = await first.ready();
    expect(file.postgres.servers).to.have.length(1);
    await mark(file, "first server");
    await end(first);
    const more = start("--nodes", "3", "--shards", "2");
    const again = await more.ready();
    expect(again.postgres.servers).to.have.length(2);
    expect(placesOf(again)).to.deep.equal([0, 0]);
    expect(await readMark(again)).to.equal("first server");
    expect(more.stdout).to.include("all shards stay on PostgreSQL, where they were made");
    await end(more);
    expect(await readMark(await start("--shards", "2").ready())).to.equal("first server");
  });
});

const pidOf = (file: SandboxFile, id: string): number => {
  const pid = file.nodes.find((node) => node.id === id)?.pid ?? 0;
  if (pid === 0) throw new Error(`${id} has no pid`); // 0 would signal the tests themselves
  return pid;
};

/** The server of a data folder that `name` says. */
const serverPid = (dataDir: string, name: string): number =>
  Number(readFileSync(join(dataDir, name, "home/data/postmaster.pid"), "utf8").split("\n")[0]);

/** By shard: the number of its server. */
const placesOf = ({ postgres }: SandboxFile): readonly number[] =>
  postgres.shards.map(({ ownerDsn }) =>
    postgres.servers.findIndex(({ ownerUrl }) => new URL(ownerUrl).host === new URL(ownerDsn).host),
  );

/** Leaves a text in the database of shard 1. */
const mark = (file: SandboxFile, text: string): Promise<unknown> =>
  onShardOne(file, `CREATE TABLE mark AS SELECT '${text}' AS text`);
const readMark = async (file: SandboxFile): Promise<unknown> =>
  (await onShardOne(file, "SELECT text FROM mark"))[0]?.["text"];

async function onShardOne({ postgres }: SandboxFile, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.shards[1]?.ownerDsn });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function until(holds: () => boolean): Promise<void> {
  if (!(await waitFor(holds, 30_000))) throw new Error(`still not: ${holds.toString()}`);
}
