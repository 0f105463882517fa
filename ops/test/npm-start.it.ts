import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { startEmbeddedPostgres } from "../sandbox/index.ts";
import { waitFor } from "../sandbox/processes.ts";
import { readSandboxFile, type SandboxFile } from "../sandbox/sandbox-file.ts";
import { processesOf, SandboxProcess } from "./sandbox-process.ts";

const PROJECT = join(import.meta.dirname, "../..");
const PATH = [join(process.execPath, ".."), process.env["PATH"]].join(delimiter);

/** Five times what two idle cores need: only a wait that belongs there no more is to be found here. */
const FIRST_START_MAX_S = 45;
const LATER_START_MAX_S = 20;

describe("npm start, whole", function () {
  this.timeout(120_000);
  let folder: string;
  let running: SandboxProcess[];

  const start = (dataDir: string, ...more: readonly string[]): SandboxProcess => {
    const sandbox = new SandboxProcess(["npm", "start", "--", "--data-dir", dataDir, ...more], dataDir, PROJECT);
    running.push(sandbox);
    return sandbox;
  };
  const end = async (sandbox: SandboxProcess, dataDir: string): Promise<void> => {
    process.kill(JSON.parse(readFileSync(join(dataDir, "sandbox.json"), "utf8")).pid, "SIGTERM");
    expect(await sandbox.ended()).to.equal(0);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "npm-start-test-"));
    chmodSync(folder, 0o755);
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((sandbox) => sandbox.dispose()));
    expect(processesOf(folder)).to.deep.equal([]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes the banner's payment, and a later start knows it and its merchants", async () => {
    const first = start(folder);
    const file = await first.ready();
    expect(secondsToReady(first), "first start").to.be.below(FIRST_START_MAX_S);
    expect(file.merchants).to.have.length(3);
    expect(file.postgres.shards).to.have.length(4);
    const payment = JSON.parse(runBanner(first.stdout)) as { id: string; status: string; amount: number };
    expect(payment).to.include({ status: "captured", amount: 1999 });
    const charges = readFileSync(file.gateways.stripe.chargeLog, "utf8").trim().split("\n");
    expect(charges.map((line) => (JSON.parse(line) as { payment_id: string }).payment_id)).to.deep.equal([payment.id]);
    await end(first, folder);
    expect(existsSync(join(folder, "sandbox.json"))).to.equal(false);

    const second = start(folder);
    const again = await second.ready();
    expect(secondsToReady(second), "later start").to.be.below(LATER_START_MAX_S);
    expect(again.merchants).to.deep.equal(file.merchants);
    expect(await readPayment(again, payment.id)).to.include({ id: payment.id, status: "captured" });
  });

  it("takes payments at each of three nodes, also while one of them was killed", async () => {
    const first = start(folder, "--nodes", "3");
    const file = await first.ready();
    expect(file.postgres.servers).to.have.length(2);
    const payment = JSON.parse(runBanner(first.stdout)) as { id: string };
    for (const { apiUrl } of file.nodes)
      expect(await readPayment({ ...file, apiUrl }, payment.id)).to.include({ id: payment.id, status: "captured" });
    const [, second] = file.nodes;
    process.kill(second?.pid as number, "SIGKILL");
    const now = (): SandboxFile => readSandboxFile(folder) as SandboxFile;
    expect(await waitFor(() => now().nodes[1]?.pid !== second?.pid, 60_000), "it is started again").to.equal(true);
    expect([now().nodes[0], now().nodes[2]]).to.deep.equal([file.nodes[0], file.nodes[2]]);
    for (const { apiUrl } of file.nodes)
      expect(await readPayment({ ...file, apiUrl }, payment.id)).to.include({ id: payment.id, status: "captured" });
    await end(first, folder);
    const alone = await start(folder).ready();
    expect(alone.postgres.servers, "odd shards are on the second").to.have.length(2);
    expect(alone.merchants).to.deep.equal(file.merchants);
    expect(await readPayment(alone, payment.id)).to.include({ id: payment.id, status: "captured" });
  }).timeout(240_000); // two starts, the first with four processes more

  it("goes on with the data after kill -9 of everything", async () => {
    const first = start(folder);
    const file = await first.ready();
    const payment = JSON.parse(runBanner(first.stdout)) as { id: string };
    for (const pid of processesOf(folder)) process.kill(pid, "SIGKILL");
    await first.ended();
    const again = await start(folder).ready();
    expect(again.pid).to.not.equal(file.pid);
    expect(await readPayment(again, payment.id)).to.include({ id: payment.id, status: "captured" });
  });

  it("uses given servers at exactly their address, and a second folder adopts the cluster that is there", async () => {
    const server = await startEmbeddedPostgres({ dataDir: join(folder, "server"), port: 0 });
    try {
      const [a, b] = [join(folder, "a"), join(folder, "b")];
      const more = ["--rate-limit", "7", "--redis", "redis://:secret@127.0.0.1:9"]; // nobody listens there: it serves all the same
      const options = ["--postgres", server.ownerUrl, "--merchants", "2", "--shards", "2", ...more];
      const first = start(a, ...options, "--stripe-url", "http://127.0.0.1:9", "--adyen-url", "http://127.0.0.1:10/");
      const file = await first.ready();
      for (const { dsn } of [file.postgres.control, ...file.postgres.shards])
        expect(new URL(dsn).host).to.equal(`127.0.0.1:${server.port}`);
      expect(existsSync(join(a, "postgres"))).to.equal(false);
      const config = JSON.parse(readFileSync(join(a, "node-1.config.json"), "utf8")) as {
        gateways: Record<string, { baseUrl: string }>;
        redis: unknown;
      };
      expect(config.redis).to.deep.equal({ url: "redis://:secret@127.0.0.1:9" });
      expect(file.redisUrl).to.equal("redis://:secret@127.0.0.1:9");
      expect(first.stdout).to.include("redis: 127.0.0.1:9").and.not.to.include("secret@");
      expect(file.merchants.map(({ rateLimitPerSecond }) => rateLimitPerSecond)).to.deep.equal([7, 7]);
      const answer = await readPayment(file, "pay_unknown");
      expect(answer).to.include({ code: "not_found" });
      expect(config.gateways["stripe"]?.baseUrl).to.equal("http://127.0.0.1:9");
      expect(config.gateways["adyen"]?.baseUrl).to.equal("http://127.0.0.1:10");
      expect((await fetch(file.gateways.stripe.url)).status, "the simulator itself").to.be.below(500);
      await end(first, a);
      const adopted = await start(b, "--postgres", server.ownerUrl).ready();
      expect(adopted.merchants).to.deep.equal(file.merchants);
      expect([adopted.redisUrl, running.at(-1)?.stdout.includes("redis: off")]).to.deep.equal([null, true]);
      expect(adopted.postgres.shards).to.have.length(2);
      expect(readFileSync(join(b, "keys.json"), "utf8")).to.equal(readFileSync(join(a, "keys.json"), "utf8"));
    } finally {
      await Promise.all(running.map((sandbox) => sandbox.dispose()));
      await server.stop();
    }
  });

  for (const [args, words] of [
    [["--nodes", "10"], "whole number from 1 to 9"],
    [["--rate-limit", "none"], "whole number"],
    [["--redis", "127.0.0.1:6379"], "redis://"],
    [["--shards", "many"], "whole number"],
    [["--postgres", "mysql://x"], "postgres://"],
    [["--frobnicate"], "frobnicate"],
  ] as const)
    it(`refuses ${args.join(" ")} with exit code 2 and starts nothing`, async () => {
      const refused = start(folder, ...args);
      expect(await refused.ended()).to.equal(2);
      expect(refused.stderr).to.include(words);
      expect(processesOf(folder)).to.deep.equal([]);
    });
});

const secondsToReady = (sandbox: SandboxProcess): number => Number(/ready in ([\d.]+) s/.exec(sandbox.stdout)?.[1]);

/** Pastes the banner's commands into a shell; where there is no curl, one stands in. */
function runBanner(banner: string): string {
  const commands = /Try +([^]*?)\n Stop/.exec(banner)?.[1] ?? "";
  const standIn = `curl() { "${process.execPath}" -e '
    const [url, ...rest] = process.argv.slice(1).filter((word) => word !== "-sS");
    const headers = rest.filter((_, i) => rest[i - 1] === "-H").map((line) => line.split(": "));
    fetch(url, { method: "POST", headers, body: rest[rest.indexOf("-d") + 1] })
      .then((answer) => answer.text()).then(console.log)' -- "$@"; }`;
  const script = `command -v curl >/dev/null || ${standIn}\n${commands}`;
  return execFileSync("bash", ["-c", script], { cwd: PROJECT, env: { ...process.env, PATH }, encoding: "utf8" });
}

async function readPayment(file: SandboxFile, id: string): Promise<unknown> {
  const { clientId, clientSecret } = file.merchants[0] ?? { clientId: "", clientSecret: "" };
  const token = await fetch(file.tokenUrl, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const { access_token } = (await token.json()) as { access_token: string };
  const answer = await fetch(`${file.apiUrl}/v1/payments/${id}`, {
    headers: { authorization: `Bearer ${access_token}` },
  });
  return answer.json();
}
