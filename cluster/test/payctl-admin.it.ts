/** `payctl` against the admin services of two nodes: every example of its help, its exit codes, and both streams. */
import { expect } from "chai";
import { spawn } from "node:child_process";
import { Command, CommanderError } from "commander";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addAdminCommands } from "../../ops/cli/admin-commands.ts";
import { CommandFailure, EXITS } from "../../ops/cli/failures.ts";
import type { Terminal } from "../../ops/cli/terminal.ts";
import type { ActorInspection } from "../../actors/index.ts";
import { type SilentServer, startSilentServer } from "./rig/silent-server.ts";
import { type AdminRig, lookOf, snapshotOf, startAdminRig, TWO_NODES } from "./rig/admin-world.ts";

const PAYCTL = join(import.meta.dirname, "../../ops/cli/main.ts");

interface Run {
  readonly code: number;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}
interface Person {
  /** What is answered when asked; undefined: nobody can be asked. */
  readonly answer?: string;
  readonly isScreen?: boolean;
  /** Looks of a watch before it is interrupted. */
  readonly looks?: number;
  /** Between two looks; false: no further one. */
  readonly between?: (said: readonly string[]) => Promise<boolean>;
}

const live = (shard: number): ActorInspection => ({
  shard,
  atMs: Date.now(),
  mode: "serving",
  epoch: "7",
  slotsVersion: "1",
  slots: 1_365,
  lastSeq: "4711",
  mailboxDepth: 3,
  commit: { inFlight: { rows: 12, forMs: 4 }, intents: 0, outcomes: 0, isHealthy: true, acknowledgedAgoMs: 20 },
  remembered: 500,
  notices: 0,
  openOperations: 0,
  receivedOperations: 0,
  operations: [],
});

describe("payctl on nodes, shards and actors", function () {
  this.timeout(30_000);
  let folder: string;
  let nodes: readonly [AdminRig, AdminRig];
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "payctl-admin-"));
    const inspect = async (shard: number) => ({ live: live(shard), disk: null, note: "not compared", differences: [] });
    const second = await startAdminRig({ node: "node-2", world: { inspect } });
    const addressOf = (): string => second.server.address;
    const first = await startAdminRig({ operators: second.operators, addressOf, world: { inspect } });
    nodes = [first, second];
    const tokenFile = join(folder, "operator.token");
    writeFileSync(tokenFile, `${first.tokenOf("operate")}\n`, { mode: 0o600 });
    env = { PAYCTL_ENDPOINT: first.server.address, PAYCTL_TOKEN_FILE: tokenFile };
  });
  afterEach(async () => {
    await Promise.all(nodes.map(({ server }) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs a command in this process, with a person or a pipe at its end. */
  async function payctl(words: readonly string[], person: Person = {}): Promise<Run> {
    const [stdout, stderr]: [string[], string[]] = [[], []];
    let looks = person.looks ?? 1;
    const terminal: Terminal = {
      print: (text) => void stdout.push(text),
      say: (text) => void stderr.push(text),
      redraw: (text) => void stdout.push(`[screen]\n${text}`),
      isScreen: person.isScreen === true,
      canAsk: person.answer !== undefined,
      ask: async (question) => {
        stderr.push(question);
        return person.answer ?? "";
      },
      paint: (_, text) => text,
      pause: async () => {
        if (--looks <= 0) return false;
        return (await person.between?.(stderr)) ?? true;
      },
      nowMs: Date.now,
      onInterrupt: () => {},
    };
    const program = new Command("payctl").exitOverride().configureOutput({
      writeOut: (text) => void stdout.push(text),
      writeErr: (text) => void stderr.push(text),
    });
    addAdminCommands(program, { terminal, env, dataDir: folder });
    try {
      await program.parseAsync([...words], { from: "user" });
      return { code: 0, stdout, stderr };
    } catch (error) {
      if (error instanceof CommanderError) return { code: EXITS.usage.code, stdout, stderr };
      if (!(error instanceof CommandFailure)) throw error;
      return { code: EXITS[error.exit].code, stdout, stderr: [...stderr, error.message] };
    }
  }
  const spoken = (run: Run): string => run.stderr.join("\n");

  /** As a shell would split it, up to a pipe. */
  const wordsOf = (line: string): readonly string[] =>
    [...(line.split(" | ")[0] ?? "").matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "");

  it("runs every example of its help", async () => {
    const ran: string[] = [];
    const help = async (words: readonly string[]): Promise<readonly string[]> =>
      (await payctl([...words, "--help"])).stdout;
    const nouns = ["cluster", "node", "shard", "actor"];
    const verbs: readonly (readonly string[])[] = [
      ["locate"],
      ...(
        await Promise.all(
          nouns.map(async (noun) =>
            [...(await help([noun])).join("").matchAll(/^ {2}(?!help )(\w[\w-]*) (?:\[|<)/gm)].map(([, verb = ""]) => [
              noun,
              verb,
            ]),
          ),
        )
      ).flat(),
    ];
    for (const words of verbs)
      for (const [, line = ""] of (await help(words)).join("").matchAll(/^ {2}npx payctl (.*)$/gm)) {
        const { code, stdout, stderr } = await payctl(wordsOf(line), { answer: "y" });
        // What jq reads must be JSON.
        if (line.includes("| jq")) for (const text of stdout.join("\n").split("\n")) JSON.parse(text);
        expect(code, `${line}: ${stderr.join("\n")}`).to.equal(0);
        expect(stdout.length, line).to.be.greaterThan(0);
        ran.push(line);
      }
    expect(ran.length)
      .to.be.at.least(2 * verbs.length)
      .and.at.least(16);
  });

  it("prints data on stdout and talk on stderr", async () => {
    const run = await payctl(["node", "drain", "node-2", "--reason", "new kernel", "-o", "json"], { answer: "y" });
    expect(run.code).to.equal(0);
    const shown = JSON.parse(run.stdout.join("")) as {
      readonly items: readonly object[];
      readonly next_steps: readonly string[];
    };
    expect(shown.items[0]).to.deep.include({ name: "node-2", state: "DRAINING" });
    expect(shown.next_steps).to.include("npx payctl node undrain node-2");
    expect(spoken(run)).to.include("Go on? [y/N]");
    expect(nodes[0].changes).to.have.length(1);
    expect(nodes[0].changes[0]).to.deep.include({ node: "node-2", draining: true, reason: "new kernel" });
  });

  const failures: readonly (readonly [
    what: string,
    words: readonly string[],
    person: Person,
    code: number,
    words: string,
  ])[] = [
    ["nobody to ask", ["node", "drain", "node-2", "--reason", "r"], {}, 8, "--yes"],
    ["a no", ["node", "drain", "node-2", "--reason", "r"], { answer: "n" }, 8, "nothing was changed"],
    ["no reason", ["node", "drain", "node-2", "--yes"], {}, 2, "--reason"],
    ["an unknown node", ["node", "drain", "node-7", "--yes", "--reason", "r"], {}, 3, "node list"],
    ["a shard without an owner", ["actor", "inspect", "9"], {}, 3, "shard 9"],
    ["what is no shard", ["actor", "inspect", "x"], {}, 2, "x is no shard"],
    ["what is no id", ["locate", "pay_1"], {}, 2, "no id"],
    ["a format that is none", ["node", "list", "-o", "xml"], {}, 2, "jsonl"],
    ["no token file", ["node", "list", "--token-file", "/nonexistent"], {}, 4, "/nonexistent"],
    ["nobody at the endpoint", ["node", "list", "--endpoint", "127.0.0.1:9"], {}, 1, "127.0.0.1:9"],
  ];
  for (const [what, words, person, code, said] of failures)
    it(`fails with ${code} and says why: ${what}`, async () => {
      const run = await payctl(words, person);
      expect([run.code, run.stdout]).to.deep.equal([code, []]);
      expect(spoken(run)).to.include(said);
      expect(nodes[0].changes).to.deep.equal([]);
    });

  it("refuses a token that others may read, and one that is nobody's", async () => {
    chmodSync(env["PAYCTL_TOKEN_FILE"] ?? "", 0o644);
    expect(await payctl(["node", "list"])).to.deep.include({ code: 4, stdout: [] });
    writeFileSync(join(folder, "foreign"), "pcop_foreign", { mode: 0o600 });
    const run = await payctl(["node", "list", "--token-file", join(folder, "foreign")]);
    expect(run.code).to.equal(4);
    expect(spoken(run)).not.to.include("pcop_foreign");
  });

  it("ends with 6 when the cluster is not well, after it has shown it", async () => {
    nodes[0].state.cluster = { ...TWO_NODES, nodes: [lookOf("node-1"), lookOf("node-2", { ageMs: 9_000 })] };
    const run = await payctl(["cluster", "status"]);
    expect(run.code).to.equal(6);
    expect(run.stdout.join()).to.include("node node-2 is DOWN");
  });

  it("asks the next node when one is gone, and says so", async () => {
    const [first, second] = nodes;
    await first.server.close();
    env["PAYCTL_ENDPOINT"] = `${first.server.address},${second.server.address}`;
    second.state.snapshots = [snapshotOf(1)];
    const run = await payctl(["actor", "list", "--local"]);
    expect(run.code).to.equal(0);
    expect(run.stdout.join()).to.include("node-2");
    expect(spoken(run)).to.include(`${first.server.address} does not answer`);
  });

  describe("and a node that is frozen: it takes connections and says nothing", () => {
    let frozen: SilentServer;
    beforeEach(async () => {
      frozen = await startSilentServer();
      env["PAYCTL_ENDPOINT"] = `${frozen.address},${nodes[1].server.address}`;
    });
    afterEach(async () => frozen.close());

    it("asks the next node, and says so", async () => {
      const run = await payctl(["node", "list"]);
      expect(run.code, spoken(run)).to.equal(0);
      expect(spoken(run)).to.include(`${frozen.address} does not answer; ${nodes[1].server.address} was asked`);
      expect(frozen.taken()).to.be.greaterThan(0);
    });

    it("changes things through the next node too, once", async () => {
      const run = await payctl(["node", "drain", "node-1", "--yes", "--reason", "r"]);
      expect(run.code, spoken(run)).to.equal(0);
      expect(nodes[1].changes).to.have.length(1);
    });

    it("does not begin with it again", async () => {
      const run = await payctl(["node", "list", "--watch"], { looks: 3 });
      expect(run.stdout).to.have.length(3);
      expect(run.stderr.filter((text) => text.includes("does not answer"))).to.have.length(1);
    });

    it("ends with 7 when no other is left, and says that a change may have been made", async () => {
      env["PAYCTL_ENDPOINT"] = frozen.address;
      const look = await payctl(["node", "list", "--timeout", "0.3"]);
      expect([look.code, look.stdout]).to.deep.equal([7, []]);
      expect(spoken(look)).to.include(frozen.address).and.not.include("whether it was done");
      const change = await payctl(["node", "drain", "node-1", "--yes", "--reason", "r", "--timeout", "0.3"]);
      expect(change.code).to.equal(7);
      expect(spoken(change)).to.include("look whether it was done");
    });

    it("tells slot and shard from the id alone when no other is left", async () => {
      env["PAYCTL_ENDPOINT"] = frozen.address;
      const id = "pay_01jcv1g4xpf03an8zmqd2hw7rk";
      const run = await payctl(["locate", id, "--shards", "4", "--timeout", "0.3"]);
      expect([run.code, run.stdout]).to.deep.equal([0, [`${id}  slot 2054  shard 2  owner unknown  actor unknown`]]);
    });
  });

  it("tells slot and shard from the id alone when nobody answers", async () => {
    const id = "pay_01jcv1g4xpf03an8zmqd2hw7rk";
    const run = await payctl(["locate", id, "--endpoint", "127.0.0.1:9", "--shards", "4"]);
    expect([run.code, run.stdout]).to.deep.equal([0, [`${id}  slot 2054  shard 2  owner unknown  actor unknown`]]);
    expect(spoken(run)).to.include("from the id alone");
    delete env["PAYCTL_ENDPOINT"];
    const without = await payctl(["locate", id]);
    expect(without.stdout, "no sandbox, no node, no number of shards").to.deep.equal([
      `${id}  slot 2054  shard unknown  owner unknown  actor unknown`,
    ]);
  });

  it("watches: in a pipe one JSON object a line", async () => {
    const run = await payctl(["shard", "list", "--watch"], { looks: 3 });
    expect(run.stdout).to.have.length(3);
    for (const line of run.stdout) expect(JSON.parse(line)).to.deep.include({ kind: "Shard" });
  });

  it("watches: on a screen in place", async () => {
    const run = await payctl(["actor", "watch", "1"], { looks: 2, isScreen: true });
    expect(run.stdout).to.have.length(2);
    expect(run.stdout[1]).to.match(
      /^\[screen\]\nnpx payctl actor watch 1 {3}every 2 s {3}\S+ by node-2\n\nShard +1 on node-2/,
    );
  });

  it("goes on watching while nobody answers, and says so once each way", async () => {
    const [first, second] = nodes;
    let look = 0;
    env["PAYCTL_ENDPOINT"] = second.server.address;
    let again: AdminRig | undefined;
    const between = async (said: readonly string[]): Promise<boolean> => {
      look++;
      if (look === 1) await second.server.close();
      if (look === 4)
        again = await startAdminRig({ node: "node-2", operators: first.operators, port: second.server.port });
      if (look > 4) await new Promise((resolve) => setTimeout(resolve, 20)); // until gRPC tries again
      return !said.includes("answers again");
    };
    const run = await payctl(["node", "list", "--watch", "-o", "jsonl"], { looks: 1_000, between });
    await again?.server.close();
    expect(run.stderr.filter((text) => text.includes("trying again"))).to.have.length(1);
    expect(run.stderr.filter((text) => text === "answers again")).to.have.length(1);
  });

  it("is a program whose stdout is data alone", async () => {
    const child = spawn(process.execPath, [PAYCTL, "node", "list", "-o", "json"], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).to.equal(0);
    expect(JSON.parse(stdout)).to.deep.include({ apiVersion: "payctl/v1", kind: "Node" });
  });
});
