/** `npm run chaos`: a soak by a seed, and one line of verdict. Exit code 0: it passed; 1: it did not. */
import { readOptions, USAGE } from "./options.ts";
import { runSoak } from "./soak.ts";

const verdict = readOptions(process.argv.slice(2), Date.now());
switch (verdict.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(`${verdict.message}\n\n${USAGE}`);
    process.exitCode = 2;
    break;
  case "run": {
    const { passed, line, faults } = await runSoak(verdict.options, (said) => console.log(said));
    for (const fault of faults) console.log(`  ${fault}`);
    console.log(line);
    process.exitCode = passed ? 0 : 1;
  }
}
