/** `npm run chaos:messages`: the proof that a kill behind any message charges once. Exit code 0: proved; 1: not. */
import { type ProofOptions, readOptions, USAGE } from "./options.ts";
import { runProof } from "./run-proof.ts";
import { proveMutated } from "./mutated-tree.ts";

const args = process.argv.slice(2);
const say = (line: string): void => console.log(line);
const verdict = readOptions(args, Date.now());
switch (verdict.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(`${verdict.message}\n\n${USAGE}`);
    process.exitCode = 2;
    break;
  case "run":
    process.exit(await run(verdict.options).catch(failed));
}

async function run(options: ProofOptions): Promise<number> {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => ending.abort());
  if (options.mutation !== null) return await proveMutated(options.mutation, args, ending.signal, say);
  const { failures } = await runProof(options, ending.signal, say);
  return failures.length === 0 ? 0 : 1;
}

function failed(error: unknown): number {
  console.error(error);
  say(`FAIL: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}
