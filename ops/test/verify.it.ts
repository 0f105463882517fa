/** `payctl verify` on a whole sandbox: it finds nothing in honest books, and says what it finds in others. */
import { expect } from "chai";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PaymentClient } from "../../router/client/index.ts";
import type { SandboxFile } from "../sandbox/sandbox-file.ts";
import { SandboxProcess } from "./sandbox-process.ts";

const PAYCTL = join(import.meta.dirname, "../cli/main.ts");
const START = join(import.meta.dirname, "../sandbox/start.ts");

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
interface Verification {
  readonly holds: boolean;
  readonly counted: { readonly payments: number; readonly charges: number; readonly hashes: number };
  readonly invariants: readonly {
    readonly id: string;
    readonly never: string;
    readonly holds: boolean;
    readonly offenders: readonly string[];
  }[];
}

const payctl = (...args: readonly string[]): Promise<Run> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [PAYCTL, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
const itemOf = ({ stdout }: Run): Verification =>
  (JSON.parse(stdout) as { readonly items: readonly [Verification] }).items[0];
const badIn = (run: Run): readonly string[] =>
  itemOf(run)
    .invariants.filter(({ holds }) => !holds)
    .map(({ id }) => id);

describe("payctl verify", function () {
  this.timeout(120_000);
  let folder: string;
  let sandbox: SandboxProcess;
  let file: SandboxFile;
  const verify = (...args: readonly string[]): Promise<Run> => payctl("verify", "--data-dir", folder, ...args);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "payment-cluster-"));
    sandbox = new SandboxProcess([process.execPath, START, "--data-dir", folder, "--shards", "2"], folder);
    file = await sandbox.ready();
    for (const [index, { clientId, clientSecret }] of file.merchants.entries()) {
      const client = new PaymentClient({ baseUrl: file.apiUrl, clientId, clientSecret });
      const made = await client.createPayment({ amount: 1_000 + index, currency: "EUR", payment_method: "tok_visa" });
      await client.waitUntilFinal(made);
      await client.waitUntilFinal(await client.createRefund(made.id, { amount: 300 }));
      await client.createPayment({ amount: 5, currency: "JPY", payment_method: "tok_visa", capture_method: "manual" });
    }
  });
  after(async () => {
    await sandbox?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("holds of honest books: databases, hashes, charge logs, balances, and every payment of the API", async () => {
    const run = await verify("--grace", "0", "--within", "30", "--chains", "all", "-o", "json");
    expect(run.code, run.stdout + run.stderr).to.equal(0);
    const { holds, counted, invariants } = itemOf(run);
    expect(holds).to.equal(true);
    expect(counted.payments).to.equal(2 * file.merchants.length);
    expect(counted.charges).to.equal(3 * file.merchants.length);
    expect(counted.hashes).to.be.greaterThan(4 * file.merchants.length);
    const ids = new Set(invariants.map(({ id }) => id));
    expect([...ids]).to.include.members([
      "I1",
      "I2",
      "I3",
      "I4",
      "I5",
      "I6",
      "I7",
      "I8",
      "I9",
      "I10",
      "I11",
      "I15",
      "I19",
      "I20",
    ]);
  });

  it("says the same as text, one line for each", async () => {
    const { code, stdout } = await verify();
    expect(code).to.equal(0);
    expect(stdout).to.match(/^ok {6}I7 {3}versions of a payment have a gap: 0$/m);
    expect(stdout).to.match(new RegExp(`^${2 * file.merchants.length} payments, .* rows hashed$`, "m"));
  });

  it("fails with the offenders when a charge is in no book, and says how many do not hold", async () => {
    const path = file.gateways.stripe.chargeLog;
    const text = readFileSync(path, "utf8");
    appendFileSync(
      path,
      (text.split("\n")[0] as string).replace(/"key":"[^"]*"/, `"key":"${"0".repeat(36)}"`).concat("\n"),
    );
    const run = await verify("-o", "json");
    const shown = await verify();
    writeFileSync(path, text);
    expect(run.code).to.equal(6);
    expect(run.stderr).to.match(/^payctl: 1 of \d+ invariants do not hold$/m);
    expect(badIn(run)).to.deep.equal(["I3"]);
    expect(shown.stdout).to.match(/^BROKEN {2}I3 .*: 1\n {15}\S+ 0{8}/m);
  });

  it("looks at another cluster by its control database, and at the logs that are named", async () => {
    const other = mkdtempSync(join(tmpdir(), "payment-cluster-"));
    const [dsn, log] = [file.postgres.control.dsn, file.gateways.stripe.chargeLog];
    const whole = ["--charge-log", log, "--charge-log", file.gateways.adyen.chargeLog];
    const run = (...args: readonly string[]) =>
      payctl("verify", "--data-dir", other, "--control-dsn", dsn, "-o", "json", ...args);
    expect(badIn(await run())).to.deep.equal([]);
    expect(badIn(await run(...whole))).to.deep.equal([]);
    const half = await run("--charge-log", log);
    rmSync(other, { recursive: true });
    expect(half.code).to.equal(6);
    expect(badIn(half)).to.include.members(["I1", "I9"]);
  });

  for (const [what, args, code, says] of [
    ["no sandbox", ["--data-dir", "/nowhere"], 3, /no sandbox runs/],
    ["an unknown choice", ["--chains", "some"], 2, /Allowed choices/],
    ["a wrong time", ["--grace", "-1"], 2, /whole number of seconds/],
    ["a database that does not answer", ["--control-dsn", "postgres://nobody@127.0.0.1:1/x"], 1, /cannot be read/],
  ] as const)
    it(`refuses ${what}`, async () => {
      const run = await payctl("verify", ...args);
      expect(run.code).to.equal(code);
      expect(run.stderr).to.match(says);
      expect(run.stdout).to.equal("");
    });
});
