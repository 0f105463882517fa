import { expect } from "chai";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

describe("payctl sandbox token", function () {
  this.timeout(20_000);
  let folder: string;
  let server: Server;
  let asked: string[];
  let answer: { status: number; body: string };

  /** Runs as people do: the file itself is executable. */
  const payctl = (...args: readonly string[]): Promise<Run> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [PAYCTL, ...args], { stdio: ["ignore", "pipe", "pipe"] });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
      child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
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
