/** A copy of the tree with a fault built in, in a temporary folder, and the proof run in it. */
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MUTATIONS, type MutationName } from "./mutations.ts";

const TREE = join(import.meta.dirname, "../../..");
const ROOMS = ["actors", "storage", "router", "cluster", "reconcile", "ops", "package.json"];
const LIMIT_MS = 300_000;

/** Runs the proof with `args` in a mutated copy, and says what it says. The exit code: 1 when it failed, as it must. */
export async function proveMutated(
  name: MutationName,
  args: readonly string[],
  ending: AbortSignal,
  say: (line: string) => void,
): Promise<number> {
  const copy = mkdtempSync(join(tmpdir(), "payment-cluster-mutated-"));
  try {
    for (const room of ROOMS) cpSync(join(TREE, room), join(copy, room), { recursive: true });
    symlinkSync(join(TREE, "node_modules"), join(copy, "node_modules"));
    mutate(copy, name);
    say(`mutation ${name}: ${MUTATIONS[name].meaning}`);
    const rest = args.filter((arg, i) => !arg.startsWith("--mutation") && args[i - 1] !== "--mutation");
    return await run(copy, rest, AbortSignal.any([ending, AbortSignal.timeout(LIMIT_MS)]), say);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function mutate(copy: string, name: MutationName): void {
  const { file, from, to } = MUTATIONS[name];
  const path = join(copy, file);
  const parts = readFileSync(path, "utf8").split(from);
  if (parts.length !== 2)
    throw new Error(`${file} has changed: what the mutation ${name} replaces stands in it ${parts.length - 1} times`);
  writeFileSync(path, parts.join(to));
}

/** Ends it in order when `ending` aborts. */
function run(copy: string, args: readonly string[], ending: AbortSignal, say: (line: string) => void): Promise<number> {
  const child = spawn(process.execPath, [join(copy, "cluster/test/proof/main.ts"), ...args], {
    cwd: copy,
    stdio: ["ignore", "pipe", "inherit"],
  });
  ending.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  let text = "";
  child.stdout.on("data", (bytes: Buffer) => {
    text += bytes.toString("utf8");
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    lines.forEach(say);
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
