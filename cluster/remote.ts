/**
 * The one door to comlink. comlink alone never settles a call to a dead worker and has no time-out (its issues 428 and
 * 601), so every call goes through `Remote.call`: it ends with the worker, or at its deadline.
 */
import * as Comlink from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { type MessagePort, parentPort, type Worker } from "node:worker_threads";
import { PaymentClusterError } from "../actors/index.ts";

export { proxy, transfer } from "comlink";

/** Offers `api` to the thread that started this one. */
export function exposeToParent(api: object): void {
  if (parentPort === null) throw new Error("this file runs in a worker thread only");
  Comlink.expose(api, nodeEndpoint(parentPort));
}

/** Offers `api` over a port. */
export function exposeOn(api: object, port: MessagePort): void {
  Comlink.expose(api, nodeEndpoint(port));
}

/** The other side of a port; for one-way messages between threads whose death the node handles. */
export function remoteOf<Api>(port: MessagePort): Comlink.Remote<Api> {
  return Comlink.wrap<Api>(nodeEndpoint(port));
}

/** A worker thread seen from the thread that started it. */
export class Remote<Api> {
  readonly api: Comlink.Remote<Api>;
  readonly #pending = new Set<(error: PaymentClusterError) => void>();
  #dead: PaymentClusterError | undefined;

  constructor(worker: Worker, onDeath: (reason: string) => void) {
    this.api = Comlink.wrap<Api>(nodeEndpoint(worker));
    let reason = "it ended";
    worker.on("error", (error) => {
      reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.once("exit", () => {
      this.#dead = new PaymentClusterError("WORKER_DIED", "the worker thread died");
      for (const reject of this.#pending) reject(this.#dead);
      this.#pending.clear();
      onDeath(reason);
    });
  }

  /** Runs one call. Rejects with WORKER_DIED or CALL_TIMED_OUT; what the worker threw comes as comlink left it. */
  async call<T>(deadlineMs: number, run: (api: Comlink.Remote<Api>) => Promise<T>): Promise<T> {
    if (this.#dead !== undefined) throw this.#dead;
    let reject: (error: PaymentClusterError) => void = () => {};
    const broken = new Promise<never>((_, fail) => {
      reject = fail;
    });
    this.#pending.add(reject);
    const timer = setTimeout(
      () => reject(new PaymentClusterError("CALL_TIMED_OUT", "the worker did not answer")),
      deadlineMs,
    );
    try {
      return await Promise.race([run(this.api), broken]);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(reject);
    }
  }
}
