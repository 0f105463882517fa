/** What a request costs the generator by itself: the same load against a server that only waits and answers. */
import { spawn } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { DRAIN_MS } from "./load-terms.ts";
import { runLoad } from "./load.ts";
import { UNIFORM } from "./merchant-pick.ts";
import { STANDARD_MIX } from "./mix.ts";
import type { BenchOptions } from "./options.ts";
import { connectionsFor } from "./schedule.ts";
import { P99_LIMIT_MS } from "./verdict.ts";

const ENTRY = fileURLToPath(new URL(`./stub${extname(import.meta.filename)}`, import.meta.url));
const RATE = 6000;
const CONNECTIONS_MAX = 3000;
/** About the length of the cluster's tokens. */
const TOKEN = "t".repeat(420);

/** Runs the load once; the lines of its report. */
export async function calibrate(options: BenchOptions): Promise<readonly string[]> {
  const stub = spawn(process.execPath, [ENTRY], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      stub.once("exit", () => reject(new Error("the stub ended")));
      stub.stdout.once("data", (line: Buffer) => resolve(Number(line.toString("utf8"))));
    });
    const rate = options.rate ?? RATE;
    const load = await runLoad(
      {
        rate,
        warmupS: options.warmupS ?? 3,
        measureS: options.seconds ?? 10,
        host: `127.0.0.1:${port}`,
        address: "127.0.0.1",
        port,
        run: "calibrate",
        tokens: Array.from({ length: options.merchants }, () => TOKEN),
        paymentMethod: "tok_visa",
        bodyBytes: 600,
        connections: connectionsFor(rate, P99_LIMIT_MS, CONNECTIONS_MAX),
        mix: { ...STANDARD_MIX, conflictEvery: 0 },
        spread: UNIFORM,
        seed: 1,
        notices: null,
        drainMs: DRAIN_MS,
        capacity: false,
      },
      { measuring: () => undefined, measured: () => undefined },
    );
    return [
      `generator at ${rate}/s over ${load.connections} connections: ${load.cpuUsPerRequest.toFixed(1)} us CPU a request`,
      `answered ${load.answeredInWindow}, wrong ${load.fresh.wrong + load.replays.wrong}, unanswered ${load.fresh.unanswered}`,
      `lag P50 ${(load.lag.p50Us / 1000).toFixed(1)} P99 ${(load.lag.p99Us / 1000).toFixed(1)} ms, latency P50 ` +
        `${(load.net.p50Us / 1000).toFixed(1)} P99 ${(load.net.p99Us / 1000).toFixed(1)} ms net of the stub's wait`,
    ];
  } finally {
    stub.kill();
  }
}
