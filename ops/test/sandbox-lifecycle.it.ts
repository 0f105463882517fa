import { expect } from "chai";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { removeShelters } from "../sandbox/index.ts";
import { waitFor } from "../sandbox/processes.ts";
import { readSandboxFile, type SandboxFile } from "../sandbox/sandbox-file.ts";
import { processesOf, SandboxProcess } from "./sandbox-process.ts";

const START = join(import.meta.dirname, "stand-ins/start.ts");

describe("the sandbox's life, with a real PostgreSQL and stand-ins for the node and the simulators", function () {
  this.timeout(90_000);
  let folder: string;
  let running: SandboxProcess[];

  const start = (dataDir: string, ...more: readonly string[]): SandboxProcess => {
    const sandbox = new SandboxProcess([process.execPath, START, "--data-dir", dataDir, ...more], dataDir);
    running.push(sandbox);
    return sandbox;
  };
  /** The PostgreSQL of a data folder. */
  const serverPid = (dataDir: string): number =>
    Number(readFileSync(join(dataDir, "postgres/home/data/postmaster.pid"), "utf8").split("\n")[0]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sandbox-test-"));
    chmodSync(folder, 0o755);
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((sandbox) => sandbox.dispose()));
    expect(processesOf(folder)).to.deep.equal([]);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const)
    it(`starts, says where it is, and after ${signal} drains and leaves nothing but its data`, async () => {
      const sandbox = start(folder);
      const file = await sandbox.ready();
      expect(file.pid).to.equal(sandbox.child.pid);
      expect(statSync(join(folder, "sandbox.json")).mode & 0o777).to.equal(0o600);
      expect((await fetch(file.apiUrl)).status).to.equal(200);
      expect(sandbox.stdout).to.include(file.apiUrl).and.to.include("npx payctl sandbox token");
      sandbox.child.kill(signal);
      expect(await sandbox.ended()).to.equal(0);
      expect(readFileSync(join(folder, "logs/node-1.log"), "utf8")).to.include("drained");
      expect(existsSync(join(folder, "sandbox.json"))).to.equal(false);
      expect(processesOf(folder)).to.deep.equal([]);
      expect(existsSync(join(folder, "postgres/home/data/PG_VERSION"))).to.equal(true);
    });

  for (const delayMs of [300, 900, 1_500])
    it(`ends cleanly when it is asked to ${delayMs} ms after its start`, async () => {
      const sandbox = start(folder);
      await until(() => existsSync(join(folder, "lock.json")));
      await sleep(delayMs);
      sandbox.child.kill("SIGINT");
      expect(await sandbox.ended()).to.equal(0);
      expect(processesOf(folder)).to.deep.equal([]);
      expect(existsSync(join(folder, "sandbox.json"))).to.equal(false);
      expect(existsSync(join(folder, "lock.json"))).to.equal(false);
    });

  it("refuses a second start on its folder, naming pid and URL, and runs beside one in another folder", async () => {
    const first = start(join(folder, "a"));
    const file = await first.ready();
    const second = start(join(folder, "a"));
    expect(await second.ended()).to.equal(1);
    expect(second.stderr).to.include(String(file.pid)).and.to.include(file.apiUrl);
    expect((await fetch(file.apiUrl)).status).to.equal(200);
    const other = await start(join(folder, "b")).ready();
    expect(new URL(other.apiUrl).port).to.not.equal(new URL(file.apiUrl).port);
  });

  it("chooses other ports than those that are taken, and names them", async () => {
    const taken = await Promise.all([8080, 9091, 5440, 12_111, 12_112].map(takePort));
    try {
      const sandbox = start(folder);
      const file = await sandbox.ready();
      expect(new URL(file.apiUrl).port).to.not.equal("8080");
      for (const port of ["8080", "9091", "5440", "12111", "12112"])
        expect(sandbox.stdout).to.include(`port ${port} taken`);
      expect(sandbox.stdout).to.include(`the API uses ${new URL(file.apiUrl).port}`);
    } finally {
      for (const server of taken) server?.close();
    }
  });

  it("starts a killed node or PostgreSQL again on the same ports and rewrites sandbox.json", async () => {
    const sandbox = start(folder);
    const before = await sandbox.ready();
    process.kill(before.nodes[0]?.pid ?? 0, "SIGKILL");
    await until(() => readSandboxFile(folder)?.nodes[0]?.pid !== before.nodes[0]?.pid);
    const after = readSandboxFile(folder);
    expect(after?.apiUrl).to.equal(before.apiUrl);
    expect((await fetch(before.apiUrl)).status).to.equal(200);
    const postgres = serverPid(folder);
    process.kill(postgres, "SIGKILL");
    await until(() => sandbox.stderr.includes("PostgreSQL is back"));
    expect(serverPid(folder)).to.not.equal(postgres);
    await until(() => readSandboxFile(folder)?.postgres.servers[0]?.pid === serverPid(folder));
    const { servers: _, ...databases } = before.postgres;
    expect(readSandboxFile(folder)?.postgres).to.deep.include(databases);
  });

  it("gives up with exit code 1 when a part ends again and again, and ends the others", async () => {
    const sandbox = start(folder);
    const apiUrl = (await sandbox.ready()).apiUrl;
    for (let last = 0; !sandbox.hasEnded; ) {
      await until(() => sandbox.hasEnded || ![0, last].includes(readSandboxFile(folder)?.nodes[0]?.pid ?? 0));
      last = readSandboxFile(folder)?.nodes[0]?.pid ?? last;
      if (sandbox.hasEnded) break;
      try {
        process.kill(last, "SIGSEGV");
      } catch {
        // it was gone already
      }
    }
    expect(await sandbox.ended()).to.equal(1);
    expect(sandbox.stderr).to.include("node-1 ended 6 times within a minute").and.to.include("Last lines of");
    expect(await fetch(apiUrl).catch(() => "gone")).to.equal("gone");
  });

  it("ends what a killed holder left over and goes on with the data", async () => {
    const first = start(folder);
    const file = await first.ready();
    const postgres = serverPid(folder);
    process.kill(file.nodes[0]?.pid ?? 0, "SIGSTOP"); // a frozen part cannot end by itself
    first.child.kill("SIGKILL");
    expect(await first.ended()).to.equal("SIGKILL");
    const again = await start(folder).ready();
    expect(processesOf(folder)).to.not.include(file.nodes[0]?.pid);
    expect(serverPid(folder)).to.not.equal(postgres);
    expect(passwordOf(again), "it is that of the same data").to.equal(passwordOf(file));
  });

  it("copes with a folder full of rubbish, and says how to mend one that it cannot read", async () => {
    for (const name of ["lock.json", "sandbox.json", "processes.json"]) writeFileSync(join(folder, name), "{rubbish");
    const sandbox = start(folder);
    await sandbox.ready();
    sandbox.child.kill("SIGTERM");
    expect(await sandbox.ended()).to.equal(0);
    writeFileSync(join(folder, "version.json"), '{"version":99}');
    const refused = start(folder);
    expect(await refused.ended()).to.equal(1);
    expect(refused.stderr).to.include(`rm -rf ${folder}`);
  });

  it("never ends a process that only got the pid of a left-over", async () => {
    const bystander = new SandboxProcess([process.execPath, "-e", "setInterval(() => {}, 1000)"], join(folder, "none"));
    running.push(bystander);
    const stale = { pid: bystander.child.pid, startTicks: "1", bootId: "of another boot" };
    writeFileSync(join(folder, "processes.json"), JSON.stringify([stale]));
    writeFileSync(join(folder, "lock.json"), JSON.stringify({ process: stale, note: "" }));
    await start(folder).ready();
    expect(bystander.hasEnded).to.equal(false);
  });

  it("runs below a folder of mode 700, where under root PostgreSQL's user cannot look", async () => {
    const isRoot = process.getuid?.() === 0;
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o700 });
    const dataDir = join(closed, "data");
    const sandbox = start(dataDir);
    const file = await sandbox.ready();
    const home = /PostgreSQL is in (\S+)/.exec(sandbox.stdout)?.[1] ?? "";
    try {
      if (isRoot) expect(home).to.match(/^\/var\/tmp\//);
      expect(statSync(isRoot ? home : join(dataDir, "postgres/home")).mode & 0o777).to.equal(0o700);
      expect(statSync(closed).mode & 0o777).to.equal(0o700);
      sandbox.child.kill("SIGTERM");
      expect(await sandbox.ended()).to.equal(0);
      const again = await start(dataDir).ready();
      expect(passwordOf(again)).to.equal(passwordOf(file));
      running.at(-1)?.child.kill("SIGTERM");
      expect(await running.at(-1)?.ended()).to.equal(0);
      rmSync(dataDir, { recursive: true });
      const anew = await start(dataDir).ready();
      expect(passwordOf(anew), "the data is new").to.not.equal(passwordOf(file));
    } finally {
      await Promise.all(running.map((one) => one.dispose()));
      removeShelters(folder);
      expect(existsSync(home)).to.equal(false);
    }
  });

  it("drains whole although npm passes one Ctrl-C on a second time", async () => {
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({
        name: "lifecycle",
        private: true,
        scripts: { start: `exec node ${START} --data-dir ${folder}` },
      }),
    );
    const npm = new SandboxProcess(["npm", "start"], folder, folder);
    running.push(npm);
    await npm.ready();
    process.kill(-(npm.child.pid ?? 0), "SIGINT"); // to the whole group, as a terminal does
    await npm.ended();
    await until(() => processesOf(folder).length === 0);
    expect(readFileSync(join(folder, "logs/node-1.log"), "utf8")).to.include("drained");
    expect(existsSync(join(folder, "sandbox.json"))).to.equal(false);
  });

  it("ends in order when the npm that started it is killed", async () => {
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({
        name: "lifecycle",
        private: true,
        scripts: { start: `exec node ${START} --data-dir ${folder}` },
      }),
    );
    const npm = new SandboxProcess(["npm", "start"], folder, folder);
    running.push(npm);
    await npm.ready();
    npm.child.kill("SIGKILL");
    await until(() => processesOf(folder).length === 0);
    expect(readFileSync(join(folder, "logs/node-1.log"), "utf8")).to.include("drained");
  });
});

const passwordOf = (file: SandboxFile): string => new URL(file.postgres.control.ownerDsn).password;

async function until(holds: () => boolean): Promise<void> {
  if (!(await waitFor(holds, 30_000))) throw new Error(`still not: ${holds.toString()}`);
}

/** A server on the port, or undefined when another process has it, which serves the test as well. */
function takePort(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
