/**
 * What the documents tell people to send, sent to a whole cluster: the README's walks as written (only the address and
 * the data folder are those of this test), and every example of the OpenAPI document.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { EXAMPLES } from "../../router/openapi-examples.ts";
import { type Answers, runExample } from "../../router/test/run-examples.ts";
import { Cluster } from "./rig/cluster.ts";
import { readCharges } from "./rig/charge-log.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The first block of a language behind a heading. */
function block(heading: string, language: string): string {
  const section = readme.slice(readme.indexOf(`## ${heading}`));
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(section)?.[1];
  if (found === undefined) throw new Error(`the README has no ${language} behind ${heading}`);
  return found;
}

describe("documents of a whole cluster (needs postgres)", function () {
  this.timeout(90_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await Cluster.start();
  });
  after(async () => await cluster.dispose());

  const here = (text: string): string =>
    text
      .replaceAll("http://127.0.0.1:8080", cluster.info.apiUrl)
      .replaceAll("npx payctl sandbox token", `node ops/cli/main.ts sandbox token --data-dir ${cluster.dataDir}`)
      .replaceAll(".sandbox/", `${cluster.dataDir}/`);

  it("walks through the README with curl as written", async () => {
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", here(block("The whole API, by hand", "sh"))], {
      cwd: root,
    });
    const answers = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(answers.map((answer) => answer["object"])).to.deep.equal([
      "payment",
      "refund",
      "list",
      "list",
      "list",
      "idempotency_key",
      "balances",
      "payment",
    ]);
    expect(answers[0]).to.include({ status: "captured", amount_captured: 3_000 });
    expect(answers[1]).to.include({ status: "succeeded", amount: 500 });
    expect(answers[7]).to.include({ status: "canceled" });
    expect(readCharges(cluster.info).map(({ kind, amount }) => `${kind} ${amount}`)).to.deep.equal([
      "authorize 5000",
      "capture 3000",
      "refund 500",
      "authorize 700",
      "void 700",
    ]);
  });

  it("walks through the README with the TypeScript client as written", async () => {
    const script = here(block("The whole API, by hand", "ts")).replaceAll("./router/", `${root}/router/`);
    const path = join(cluster.dataDir, "walk.ts");
    writeFileSync(path, script);
    const { stdout } = await run(process.execPath, [path], { cwd: root });
    const lines = stdout.split("\n");
    expect(lines.filter((line) => /^\d/.test(line)).map((line) => line.split(" ")[1])).to.deep.equal([
      "payment.pending",
      "payment.authorized",
      "payment.capture_requested",
      "payment.captured",
      "refund.created",
      "refund.succeeded",
    ]);
    expect(stdout).to.include("succeeded [").and.to.include("currency: 'EUR'");
  });

  const answers: Answers = new Map();
  for (const example of EXAMPLES)
    it(`answers the example ${example.name} as the document says: ${example.summary}`, async () => {
      const stripeFirst = cluster.info.merchants.findLast(({ gateways }) => gateways[0] === "stripe"); // Adyen only receives
      if (stripeFirst === undefined) throw new Error("the sandbox has a merchant of Stripe's");
      const { clientId, clientSecret } = stripeFirst;
      const target = { baseUrl: cluster.info.apiUrl, clientId, clientSecret, keySuffix: "" };
      await runExample(example, target, answers);
    });
});
