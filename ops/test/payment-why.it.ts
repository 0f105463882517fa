/** `payctl payment` and `payctl ledger` on a whole sandbox: what was done through the API is what on-call is told. */
import { expect } from "chai";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { bytesOfId, mintId, parseId, slotOfId } from "../../actors/domain/index.ts";
import { type api, PaymentClient } from "../../router/client/index.ts";
import type { SandboxFile } from "../sandbox/sandbox-file.ts";
import { SandboxProcess } from "./sandbox-process.ts";

const PAYCTL = join(import.meta.dirname, "../cli/main.ts");
const START = join(import.meta.dirname, "../sandbox/start.ts");
/** For sequels of the simulators, which come seconds later. */
const SEQUEL_LIMIT_MS = 60_000;

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

interface Line {
  readonly kind: string;
  readonly text: string;
}
/** What these tests look at. */
interface Story {
  readonly id: string;
  readonly slot: number;
  readonly payment: {
    readonly status: string;
    readonly amount: number;
    readonly refunded: number;
    readonly disputed: number;
  };
  readonly rows: readonly {
    readonly version: number;
    readonly fact: string;
    readonly node: string | null;
    readonly epoch: string;
    readonly hash_right: boolean;
  }[];
  readonly operations: readonly { readonly id: string; readonly kind: string; readonly state: string }[];
  readonly requests: readonly { readonly key: string; readonly reply_status: number | null }[];
  readonly notices: readonly { readonly type: string; readonly verdict: string }[];
  readonly entries: readonly { readonly kind: string; readonly amount: number }[];
  readonly timeline: readonly { readonly version: number; readonly fact: string; readonly lines: readonly Line[] }[];
  readonly next: readonly { readonly what: string; readonly at: string | null; readonly about: string }[];
}
interface Stuck {
  readonly id: string;
  readonly operation: object;
}
interface Books {
  readonly invariants: readonly {
    readonly id: string;
    readonly holds: boolean;
    readonly offenders: readonly string[];
  }[];
}
const itemsOf = ({ stdout }: Run): readonly unknown[] =>
  (JSON.parse(stdout) as { readonly items: readonly unknown[] }).items;
const linesOf = (story: Story, kind: string): readonly string[] =>
  story.timeline.flatMap(({ lines }) => lines.filter((line) => line.kind === kind).map(({ text }) => text));

const CHANGE = `
  UPDATE journal SET captured = captured - $2::int WHERE payment_id = $1::uuid AND to_status = 3`;

/** Whatever is told of a payment, none of this is. */
const CANARIES = {
  email: "canary.person@example.com",
  name: "Canary Person",
  description: "canary-description",
  metadata: "canary-metadata",
  reason: "canary-reason",
} as const;

describe("payctl payment and ledger", function () {
  this.timeout(180_000);
  let folder: string;
  let sandbox: SandboxProcess;
  let file: SandboxFile;
  let client: PaymentClient;
  /** With every notification delivered two times, and a refund. */
  let refunded: api.Payment;
  let refund: api.Refund;
  let plain: api.Payment;
  let disputed: api.Payment;

  const on = (...args: readonly string[]): Promise<Run> => payctl(...args, "--data-dir", folder);
  const why = async (id: string): Promise<Story> => {
    const run = await on("payment", "why", id, "-o", "json");
    expect(run.code, run.stderr).to.equal(0);
    return itemsOf(run)[0] as Story;
  };
  const charge = (token: string, amount: number, more: Partial<api.CreatePayment> = {}): Promise<api.Payment> =>
    client.createPayment({ amount, currency: "EUR", payment_method: token, gateway: "stripe", ...more });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "payment-cluster-"));
    sandbox = new SandboxProcess([process.execPath, START, "--data-dir", folder, "--shards", "2"], folder);
    file = await sandbox.ready();
    const { clientId, clientSecret } = file.merchants[0]!;
    client = new PaymentClient({ baseUrl: file.apiUrl, clientId, clientSecret });
    plain = await client.createPayment(
      {
        amount: 1_234,
        currency: "EUR",
        payment_method: "tok_visa",
        description: CANARIES.description,
        customer: { email: CANARIES.email, name: CANARIES.name },
        metadata: { about: CANARIES.metadata },
      },
      { idempotencyKey: "order-1" },
    );
    disputed = await charge("tok_dispute", 5_000);
    refunded = await charge("tok_webhook_twice", 2_000);
    refund = await client.createRefund(refunded.id, { amount: 300, reason: CANARIES.reason });
    refund = await client.waitUntilFinal(refund);
    for (const payment of [plain, disputed, refunded]) expect(payment.status).to.equal("captured");
  });
  after(async () => {
    await sandbox?.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("tells a plain captured payment: rows with node and epoch, key, posting, stored answer, and nothing to come", async () => {
    const { payment, rows, requests, entries, timeline, next, slot } = await why(plain.id);
    expect(payment).to.include({ status: "captured", amount: 1_234, refunded: 0 });
    expect(slot).to.equal(slotOfId(parseId("pay", plain.id)!));
    expect(rows.map(({ version }) => version)).to.deep.equal(rows.map((_, at) => at + 1));
    for (const row of rows) expect(row).to.include({ node: file.nodes[0]?.id, epoch: "1", hash_right: true });
    expect([rows[0]?.fact, rows.at(-1)?.fact]).to.deep.equal(["accepted", "captured"]);
    expect(requests).to.have.length(1);
    expect(requests[0]).to.include({ key: "order-1", reply_status: 201 });
    expect(entries).to.have.length(1);
    expect(entries[0]).to.include({ kind: "capture", amount: 1_234 });
    expect(timeline.at(-1)?.lines.map(({ kind }) => kind)).to.include.members(["booked", "answered"]);
    expect(next.map(({ what }) => what)).to.deep.equal(["nothing"]);
  });

  it("says the same in words, and how to go on", async () => {
    const { code, stdout, stderr } = await on("payment", "why", plain.id);
    expect(code).to.equal(0);
    expect(stdout).to.match(new RegExp(`^payment +${plain.id} +captured +12\\.34 EUR`));
    expect(stdout).to.match(/^ {3}asked +POST \/v1\/payments with key "order-1"$/m);
    expect(stdout).to.match(/Next:\n {2}nothing: the payment is at rest\n$/);
    expect(stderr).to.equal(`Next: npx payctl ledger verify ${plain.id}\n`);
    expect((await on("payment", "why", plain.id, "-o", "name")).stdout).to.equal(`${plain.id}\n`);
  });

  it("tells no secret and no person, in any form", async () => {
    for (const id of [plain.id, refunded.id])
      for (const form of ["table", "wide", "json", "yaml"]) {
        const { stdout, stderr } = await on("payment", "why", id, "-o", form);
        for (const canary of [...Object.values(CANARIES), "tok_visa", "tok_webhook_twice"])
          expect(stdout + stderr, form).not.to.include(canary);
        expect(stdout).to.include(id);
      }
  });

  it("tells a refund with its notices, each once though it came two times, by any id that leads to the payment", async () => {
    await until(async () => (await why(refunded.id)).notices.length >= 2, SEQUEL_LIMIT_MS);
    const story = await why(refunded.id);
    expect(story.payment).to.include({ status: "captured", refunded: 300 });
    expect(story.operations.map(({ kind, state }) => `${kind} ${state}`)).to.deep.equal([
      "sale succeeded",
      "refund succeeded",
    ]);
    expect(story.entries.map(({ kind }) => kind)).to.include.members(["capture", "refund_reserve", "refund_settle"]);
    expect(linesOf(story, "told").length + linesOf(story, "heard").length).to.equal(story.notices.length);
    const types = story.notices.map(({ type }) => type);
    expect(types).to.include("payment_intent.succeeded");
    expect(types.filter((type) => type === "payment_intent.succeeded")).to.have.length(1);
    for (const id of [refund.id, refund.id.replace("ref_", "op_"), refunded.id.replace("pay_", "op_")])
      expect((await why(id)).id, id).to.equal(refunded.id);
  });

  it("tells a dispute with the notice that brought it", async () => {
    await until(async () => (await why(disputed.id)).payment.disputed > 0, SEQUEL_LIMIT_MS);
    const story = await why(disputed.id);
    expect(story.payment).to.include({ status: "captured", disputed: 5_000 });
    expect(story.rows.map(({ fact }) => fact)).to.include("disputeHeld");
    const held = story.timeline.find(({ fact }) => fact === "disputeHeld");
    expect(held?.lines.map(({ kind }) => kind)).to.include.members(["told", "booked"]);
    expect(held?.lines.find(({ kind }) => kind === "told")?.text).to.match(
      /charge\.dispute\.\w+ .*dispute 50\.00 EUR; applied/,
    );
  });

  it("finds one in doubt, and says what fires next and when", async () => {
    const asked = charge("tok_timeout_not_charged", 700, { gateway: "adyen" });
    let stuck: readonly Stuck[] = [];
    expect(
      await until(async () => {
        stuck = itemsOf(await on("payment", "list", "--stuck", "--older-than", "0s", "-o", "json")) as readonly Stuck[];
        return stuck.length > 0;
      }, 15_000),
    ).to.equal(true);
    const [one] = stuck;
    expect(one).to.include({ why: "open_operation" });
    expect(one?.operation).to.include({ kind: "sale", amount: 700, currency: "EUR" });
    const id = String(one?.id);
    const story = await why(id);
    expect(story.payment.status).to.equal("pending");
    expect(story.next.map(({ what }) => what)).to.deep.equal(["check", "deadline"]);
    expect(Date.parse(String(story.next[1]?.at))).to.be.greaterThan(Date.now());
    const dryRun = await on("payment", "resolve", id, "--dry-run", "-o", "json");
    expect(dryRun.code, dryRun.stderr).to.equal(0);
    const check = itemsOf(dryRun)[0] as { readonly ladder: readonly object[] };
    expect(check).to.include({ rule: "grace", step: "wait" });
    expect(check.ladder[0]).to.include({ evidence: "replay", valid: true });
    expect((await on("payment", "resolve", id, "--dry-run")).stdout).to.match(/^ {2}rule +"grace"/m);

    const { merchants } = file;
    const ids = async (merchant: string): Promise<string> =>
      (
        await on("payment", "list", "--stuck", "--older-than", "0s", "--merchant", merchant, "-o", "name")
      ).stdout.trim();
    expect(await ids(merchants[0]!.id)).to.equal(id);
    expect(await ids(merchants[1]!.id)).to.equal("");

    const made = await asked;
    expect(made.id).to.equal(id);
    await client.waitUntilFinal(made, { timeoutMs: 60_000 });
    const after = await on("payment", "resolve", id, "--dry-run");
    expect(after.stdout).to.match(/is captured: no operation is open/);
    expect((await why(id)).rows.map(({ fact }) => fact)).to.include("outcomeUnknown");
  });

  it("proves the books of one payment, of a shard, and of all", async () => {
    for (const args of [[refunded.id], [refund.id], ["--shard", "0"], []]) {
      const run = await on("ledger", "verify", ...args, "-o", "json");
      expect(run.code, run.stdout + run.stderr).to.equal(0);
      expect(itemsOf(run)[0]).to.include({ holds: true });
    }
    expect((await on("ledger", "verify", refunded.id)).stdout).to.match(
      new RegExp(`^${refunded.id}: \\d+ rows hashed$`, "m"),
    );
  });

  it("shows a row that somebody changed, in its story and in its books, and in no other payment's", async () => {
    const uuid = Buffer.from(bytesOfId(plain.id)).toString("hex");
    const change = async (lessMinor: string): Promise<void> => {
      for (const { ownerDsn } of file.postgres.shards) await run(ownerDsn, CHANGE, [uuid, lessMinor]);
    };
    await change("4");
    const changed = await on("payment", "why", plain.id);
    const books = await on("ledger", "verify", plain.id, "-o", "json");
    const others = await on("ledger", "verify", refunded.id);
    await change("-4");
    expect(changed.stdout).to.match(/^\d+ .* HASH WRONG/m);
    expect(books.code).to.equal(6);
    const broken = (itemsOf(books)[0] as Books).invariants.filter(({ holds }) => !holds);
    expect(broken.map(({ id }) => id)).to.include.members(["I7", "I8", "I10"]);
    for (const { offenders } of broken) for (const text of offenders) expect(text).to.include(plain.id);
    expect(others.code, others.stdout).to.equal(0);
    expect((await on("ledger", "verify", plain.id)).code).to.equal(0);
  });

  it("runs every example of its help", async () => {
    for (const [noun, verbs] of [
      ["payment", ["why", "list", "resolve"]],
      ["ledger", ["verify"]],
    ] as const)
      for (const verb of verbs) {
        const help = await payctl(noun, verb, "--help");
        const examples = help.stdout.split("\n").filter((line) => line.startsWith("  npx payctl "));
        expect(examples.length, `${noun} ${verb}`).to.be.greaterThan(1);
        for (const example of examples) {
          const [command = ""] = example.trim().replace("npx payctl ", "").split(" | ");
          const args = command.replace("pay_…", plain.id).replace("ref_…", refund.id);
          const words = (args.match(/'[^']*'|[^ ]+/g) ?? []).map((word) => word.replaceAll("'", ""));
          const { code, stdout, stderr } = await on(...words);
          expect(code, `${example}: ${stderr}`).to.equal(0);
          if (command.includes("-o json")) expect(JSON.parse(stdout)).to.include({ apiVersion: "payctl/v1" });
        }
      }
  });

  it("reaches another cluster by its control database", async () => {
    const dsn = file.postgres.control.dsn;
    const other = await payctl(
      "payment",
      "why",
      plain.id,
      "--data-dir",
      "/nowhere",
      "--control-dsn",
      dsn,
      "-o",
      "name",
    );
    expect([other.code, other.stdout]).to.deep.equal([0, `${plain.id}\n`]);
  });

  it("shows what was typed without its control characters", async () => {
    const { code, stderr } = await on("payment", "why", "pay_\u001b[31m\u0007");
    expect(code).to.equal(2);
    expect(stderr.replaceAll("\n", ""))
      .to.include("pay_\\u{1b}[31m")
      .and.not.to.match(/\p{Cc}/u);
  });

  const unknown = (prefix: "pay" | "op"): string => mintId(prefix, 5, Date.now(), randomBytes(8));
  for (const [what, args, code, says] of [
    ["an unknown payment", ["payment", "why", unknown("pay")], 3, /there is no payment behind pay_/],
    ["an unknown operation", ["payment", "resolve", unknown("op"), "--dry-run"], 3, /there is no payment behind op_/],
    ["what is no id", ["payment", "why", "pay_1"], 2, /the id of a payment, a refund or an operation/],
    ["an id of something else", ["payment", "why", mintId("mer", 0, 0, new Uint8Array(8))], 2, /the id of a payment/],
    ["a list of everything", ["payment", "list"], 2, /only --stuck is built/],
    ["a time without a unit", ["payment", "list", "--stuck", "--older-than", "30"], 2, /a number with a unit/],
    ["a limit of none", ["payment", "list", "--stuck", "--limit", "0"], 2, /a whole number from 1/],
    ["to resolve without a reason", ["payment", "resolve", unknown("pay")], 2, /--dry-run only says what/],
    ["an unknown shard", ["ledger", "verify", "--shard", "99"], 3, /there is no shard 99/],
    ["a shard's number that is none", ["ledger", "verify", "--shard", "1e3"], 2, /a shard's number/],
    [
      "a database that does not answer",
      ["payment", "why", unknown("pay"), "--control-dsn", "postgres://x@127.0.0.1:1/x"],
      1,
      /cannot be read/,
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const { code: exit, stdout, stderr } = await on(...args);
      expect(stderr).to.match(says);
      expect([exit, stdout]).to.deep.equal([code, ""]);
    });
});

/** False: it did not come true in time. */
async function until(holds: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > endMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return true;
}
async function run(dsn: string, sql: string, values: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: dsn });
  await client.connect();
  try {
    await client.query(sql, [...values]);
  } finally {
    await client.end();
  }
}
