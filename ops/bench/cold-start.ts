/**
 * A node that dies with thousands of payments in doubt (faults.md A12, I5, P25): half of them were charged and the answer
 * was 500, of the others the gateway never heard. The gateway is well again when the node comes back, no client asks, no
 * notification comes: the node ends all of them by itself, within the budget of calls that it is started with.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeConfigFile } from "../sandbox/node-config.ts";
import type { SandboxFile } from "../sandbox/sandbox-file.ts";
import { ApiClient, forEachNumber, setMode } from "./api-client.ts";
import { aheadOfBudget, ArrivalLog, busiestSecond } from "./arrivals.ts";
import { chargedIn, countIn, healthOf, readRequests, sandboxIn } from "./sandbox-looks.ts";
import { tokenSource } from "./target.ts";

/**
 * Limits of a node that gets so many payments into doubt: its breaker never opens, it answers 202 soon, and it hardly asks
 * about what it is in doubt of. They are gone when it is started again.
 */
export const DOUBTING_LIMITS = {
  breakerFailuresMin: 1_000_000,
  answerWithinMs: 1_000,
  checksPerSweep: 1,
} as const;
/** Threads share a budget evenly: one has all of it, and so has the only account. */
export const COLD_START_WORKERS = 1;
export const COLD_START_ARGS: readonly string[] = [
  "--merchants=1",
  "--shards=1",
  `--workers=${COLD_START_WORKERS}`,
  "--rate-limit=100000",
  ...Object.entries(DOUBTING_LIMITS).map(([name, value]) => `--limit=${name}=${value}`),
];

export interface ColdStartTerms {
  /** Of a running sandbox that was started with COLD_START_ARGS and has no payments. */
  readonly dataDir: string;
  readonly payments: number;
  /** Budget of the node that comes back. */
  readonly callsPerSecond: number;
  readonly say: (line: string) => void;
}

export interface ColdStartReport {
  readonly payments: number;
  readonly callsPerSecond: number;
  /** Pending when the node died. */
  readonly inDoubt: number;
  /** From the SIGKILL until the node can commit; until no payment was pending. Null: not within the limit. */
  readonly readyMs: number | null;
  readonly recoveredMs: number | null;
  /** That reached the gateway from then on. */
  readonly calls: number;
  readonly busiestSecond: number;
  /** See aheadOfBudget. */
  readonly aheadOfBudget: number;
  /** What is wrong with the result: money, or payments that are not captured. */
  readonly faults: readonly string[];
}

const GATEWAY = "stripe";
const AT_ONCE = 512;
/** No more than wait in a gateway's line: what finds no place there is tried again much later. */
const WAVE = 1_000;
const MERCHANT = 0;
const BROKEN_S = 3_600;
/** A gateway dark for so long is not what is tried here. */
const RECOVERY_LIMIT_MS = 300_000;
const CHARGED_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 200;
/** Calls of a node that was killed may still be on their way. */
const ON_THEIR_WAY = 64;
/** A budget lets a twentieth of its second go at once, and when it began is known to a second. */
const BURST_S = 1.05;
const NODE_CONFIG = "node-1.config.json";
/** Cheap to look at often; what just began is not in it yet. */
const OPEN = "SELECT count(*)::int AS n FROM operation_open";
const PENDING = "SELECT count(*)::int AS n FROM payment_current WHERE status = 'pending'";
const CAPTURED = "SELECT count(*)::int AS n FROM payment_current WHERE status = 'captured'";

/** Gets the payments into doubt, kills the node and watches it come back. Throws when it cannot be tried. */
export async function coldStart(terms: ColdStartTerms): Promise<ColdStartReport> {
  const { dataDir, payments, callsPerSecond, say } = terms;
  const file = sandboxIn(dataDir);
  const controlUrl = file.gateways.adyen.controlUrl ?? "";
  await makeDoubts(file, controlUrl, payments);
  const inDoubt = await countIn(file, PENDING);
  say(`${inDoubt} of ${payments} payments in doubt; the node is killed`);
  reconfigure(dataDir, callsPerSecond);
  const arrivals = new ArrivalLog((await readRequests(file, GATEWAY)).total);
  process.kill(file.nodes[0]?.pid ?? 0, "SIGKILL");
  const killedAtMs = Date.now();
  await setMode(controlUrl, { gateway: GATEWAY, status500Seconds: 0, readsDownSeconds: 0 });
  const { backAtMs, ...watched } = await watch(file, killedAtMs, arrivals);
  const budget = { perSecond: callsPerSecond, burst: ON_THEIR_WAY + BURST_S * callsPerSecond };
  return {
    payments,
    callsPerSecond,
    inDoubt,
    ...watched,
    calls: arrivals.all.length,
    busiestSecond: busiestSecond(arrivals.all),
    aheadOfBudget: aheadOfBudget(arrivals.all, backAtMs, budget),
    faults: await faultsOf(file, payments),
  };
}

/** Half were charged with an answer of 500 and cannot be read; the others ask in vain for the gateway's name of them. */
async function makeDoubts(file: SandboxFile, controlUrl: string, payments: number): Promise<void> {
  const [token = ""] = await tokenSource(file.tokenUrl, file.merchants.slice(MERCHANT, MERCHANT + 1))();
  const client = new ApiClient(file.apiUrl, AT_ONCE);
  const charged = Math.ceil(payments / 2);
  const create = (method: string, from: number) => async (i: number) => {
    const body = { amount: AMOUNT, currency: "EUR", payment_method: method, gateway: GATEWAY };
    await client.postUntil(202, "/v1/payments", token, `cold-start-${from + i}`, body);
  };
  try {
    await setMode(controlUrl, { gateway: GATEWAY, mute: true, readsDownSeconds: BROKEN_S });
    for (let from = 0; from < charged; from += WAVE) {
      const count = Math.min(WAVE, charged - from);
      await forEachNumber(count, AT_ONCE, create("tok_error_500_charged", from));
      await untilCharged(file, from + count); // a 202 may come before the call is made
    }
    await setMode(controlUrl, { gateway: GATEWAY, status500Seconds: BROKEN_S });
    await forEachNumber(payments - charged, AT_ONCE, create("tok_visa", charged));
  } finally {
    await client.close();
  }
}
const AMOUNT = 1_999;

/** As an operator would: the node reads its file when it is started again. */
function reconfigure(dataDir: string, gatewayCallsPerSecond: number): void {
  const path = join(dataDir, NODE_CONFIG);
  const { limits: _, ...config } = JSON.parse(readFileSync(path, "utf8")) as NodeConfigFile;
  writeFileSync(path, JSON.stringify({ ...config, gatewayCallsPerSecond }));
}

/** What became of the node, from the SIGKILL on. */
interface Watched extends Pick<ColdStartReport, "readyMs" | "recoveredMs"> {
  /** Nobody was there to call a gateway before; Unix milliseconds. */
  readonly backAtMs: number;
}

/** Looks at the node, the database and the gateway until no payment is pending. Asks the node nothing but its health. */
async function watch(file: SandboxFile, killedAtMs: number, arrivals: ArrivalLog): Promise<Watched> {
  let backAtMs = killedAtMs;
  let readyMs: number | null = null;
  for (;;) {
    arrivals.add(await readRequests(file, GATEWAY), Date.now());
    const askedAtMs = Date.now();
    if (readyMs === null) {
      const status = await healthOf(file);
      if (status === null) backAtMs = askedAtMs;
      if (status === 200) readyMs = Date.now() - killedAtMs;
    }
    const isOver = async (): Promise<boolean> =>
      (await countIn(file, OPEN)) === 0 && (await countIn(file, PENDING)) === 0;
    if (readyMs !== null && (await isOver())) return { backAtMs, readyMs, recoveredMs: Date.now() - killedAtMs };
    if (Date.now() - killedAtMs > RECOVERY_LIMIT_MS) return { backAtMs, readyMs, recoveredMs: null };
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function untilCharged(file: SandboxFile, charges: number): Promise<void> {
  const limitMs = performance.now() + CHARGED_WITHIN_MS;
  while (chargedIn(file, GATEWAY).length < charges) {
    if (performance.now() > limitMs)
      throw new Error(`${chargedIn(file, GATEWAY).length} of ${charges} payments were charged`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Every payment is captured, and charged once. */
async function faultsOf(file: SandboxFile, payments: number): Promise<readonly string[]> {
  const captured = await countIn(file, CAPTURED);
  const charges = chargedIn(file, GATEWAY);
  const charged = new Set(charges).size;
  return [
    ...(captured === payments ? [] : [`${captured} of ${payments} payments captured`]),
    ...(charges.length === payments && charged === payments
      ? []
      : [`${charges.length} charges of ${charged} payments, not ${payments} of as many`]),
  ];
}
