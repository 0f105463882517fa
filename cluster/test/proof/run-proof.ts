/** One run of the proof from its start to its verdict. */
import { seededRandom } from "../rig/seeded-random.ts";
import { isEssential } from "./essential.ts";
import type { ProofOptions } from "./options.ts";
import { type Boundary, type Failure, Proof, type Tally } from "./proof.ts";
import { Site } from "./site.ts";

/** Prints what it does; the last line is the verdict. When `ending` aborts, everything it has started is ended. */
export async function runProof(
  options: ProofOptions,
  ending: AbortSignal,
  say: (line: string) => void,
): Promise<Tally> {
  const beganAtMs = performance.now();
  const site = await Site.start(options.lanes);
  ending.addEventListener("abort", () => void site.stop(), { once: true });
  try {
    const proof = new Proof(site, (failure) => say(lineOf(failure)));
    const boundaries: Boundary[] = [];
    for (const gateway of options.gateways) {
      const all = await proof.count(gateway);
      say(`${gateway}: N = ${all.length} messages`);
      if (options.list) for (const { k, text } of all) say(`  ${k} ${text}`);
      boundaries.push(...all.filter((boundary) => isChosen(boundary, options)));
    }
    const isOver = options.stopEarly && proof.tally.failures.length > 0;
    if (!isOver) await proof.tryAll(shuffled(boundaries, options.seed), options.stopEarly);
    const { tally } = proof;
    const tookS = Math.round((performance.now() - beganAtMs) / 1_000);
    say(
      `${tally.failures.length === 0 ? "PASS" : "FAIL"}: ${tally.tried} of ${boundaries.length} messages, ` +
        `${tally.kills} kills, ${tally.refused} late commits refused, ${tally.failures.length} failures, ` +
        `${tookS} s, seed ${options.seed}`,
    );
    return tally;
  } finally {
    await site.stop();
  }
}

const isChosen = ({ k, text }: Boundary, { from, to, essentialOnly }: ProofOptions): boolean =>
  k >= from && k <= to && (!essentialOnly || isEssential(text));

const lineOf = ({ gateway, boundary, trouble }: Failure): string =>
  `${gateway}${boundary === null ? "" : ` k=${boundary.k} [${boundary.text}]`}: ${trouble}`;

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const random = seededRandom(seed);
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}
