/**
 * How fast a payment is refused while the breaker of its gateway is open: Stripe's simulator answers 500 to everything,
 * so the breaker opens and every look whether the gateway is back is in vain. One merchant, little load.
 */
import { ApiClient, setMode } from "./api-client.ts";
import { DRAIN_MS } from "./load-terms.ts";
import type { PreparedLoad, PreparedResult } from "./load-terms.ts";
import { runPrepared } from "./prepared-run.ts";
import { connectionsFor } from "./schedule.ts";
import type { Target } from "./target.ts";

/** Slow enough that nothing waits for anything: the figure is what one refusal takes. */
const RATE = 100;
const WARMUP_S = 1;
const MEASURE_S = 5;
const LIMIT_MS = 100;
/** Above the failures that open a breaker. */
const KNOCKS_AT_ONCE = 16;
const OPEN_WITHIN_MS = 30_000;
const BROKEN_S = 120;
const GATEWAY = "stripe";
const BODY = { amount: 2_500, currency: "EUR", payment_method: "tok_visa", gateway: GATEWAY } as const;

/** Latencies of refusals with 503. `run`: begins the keys. Throws when the breaker does not open. */
export async function measureBreaker(target: Target, run: string): Promise<PreparedResult> {
  if (target.notices === null) throw new Error(`${target.name} has no simulators`);
  const { controlUrl } = target.notices;
  const [token = ""] = await target.tokens();
  await setMode(controlUrl, { gateway: GATEWAY, status500Seconds: BROKEN_S });
  try {
    await openBreaker(target.apiUrl, token, run);
    const { hostname, port } = new URL(target.apiUrl);
    const terms = { address: hostname, port: Number(port), warmupS: WARMUP_S, measureS: MEASURE_S, drainMs: DRAIN_MS };
    return await runPrepared(refusedPayments(target.apiUrl, token, run), terms);
  } finally {
    await setMode(controlUrl, { gateway: GATEWAY, status500Seconds: 0 });
  }
}

/** Pays until a payment is refused. Those before it stay in doubt, which the resolver ends later. */
async function openBreaker(apiUrl: string, token: string, run: string): Promise<void> {
  const client = new ApiClient(apiUrl, KNOCKS_AT_ONCE);
  const endMs = performance.now() + OPEN_WITHIN_MS;
  let isOpen = false;
  let knocks = 0;
  const knock = async (): Promise<void> => {
    while (!isOpen && performance.now() < endMs) {
      const { status, body } = await client.post("/v1/payments", token, `${run}-knock-${knocks++}`, BODY);
      isOpen ||= status === 503 && body["code"] === "gateway_unavailable";
    }
  };
  try {
    await Promise.all(Array.from({ length: KNOCKS_AT_ONCE }, knock));
  } finally {
    await client.close();
  }
  if (!isOpen) throw new Error(`the breaker did not open within ${OPEN_WITHIN_MS / 1000} s`);
}

function refusedPayments(apiUrl: string, token: string, run: string): PreparedLoad {
  const { host } = new URL(apiUrl);
  const body = JSON.stringify(BODY);
  const requests = Array.from({ length: RATE * (WARMUP_S + MEASURE_S) }, (_, k) => {
    const head = [
      "POST /v1/payments HTTP/1.1",
      `Host: ${host}`,
      `Authorization: Bearer ${token}`,
      "Content-Type: application/json",
      `X-Idempotency-Key: ${run}-refused-${k}`,
      `Content-Length: ${body.length}`,
      "",
      "",
    ].join("\r\n");
    return Buffer.from(head + body);
  });
  return { rate: RATE, connections: connectionsFor(RATE, LIMIT_MS, requests.length), requests, rightStatus: 503 };
}
