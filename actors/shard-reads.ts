/**
 * Lists, events, balances and single objects of a merchant, beside the mailbox: read from the database, a bounded number
 * at a time. What is read was committed, so it is at least as new as any answer already given.
 */
import type { Answers } from "./answers.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { ShardRequest } from "./ports/requests.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import { UNSURE, type UnsureCode } from "./unsure.ts";

type ReadRequest = Extract<ShardRequest, { kind: "read" }>;

/** Reads that run at once: they share a connection with a statement time-out. */
const RUNNING_MAX = 8;
/** Reads that may wait; what comes beyond them is refused. */
const WAITING_MAX = 512;

export class ShardReads {
  readonly #store: ShardStore;
  readonly #commit: GroupCommit;
  readonly #answers: Answers;
  #waiting: ReadRequest[] = [];
  #running = 0;
  #unsure: UnsureCode = "storage_unavailable";

  constructor(store: ShardStore, commit: GroupCommit, answers: Answers) {
    this.#store = store;
    this.#commit = commit;
    this.#answers = answers;
  }

  take(request: ReadRequest): void {
    if (this.#waiting.length >= WAITING_MAX)
      return this.#answers.refuseWith(request, "overloaded", "too many reads wait for the shard's database");
    this.#waiting.push(request);
    this.#pump();
  }

  /** The actor drops its memory, or gives its shard up: what is read from now on says so. */
  reset(code: UnsureCode): void {
    this.#unsure = code;
    for (const request of this.#waiting.splice(0)) this.#unavailable(request);
  }

  #pump(): void {
    while (this.#running < RUNNING_MAX) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      this.#running++;
      void this.#read(request).finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }

  /** What is read while a commit is being settled may not be there afterwards, so the lease must be the same throughout. */
  async #read(request: ReadRequest): Promise<void> {
    const { lease } = this.#commit;
    let result: Awaited<ReturnType<ShardStore["read"]>>;
    try {
      result = await this.#store.read(request.merchantId, request.query);
    } catch {
      return this.#unavailable(request); // only STORAGE_UNAVAILABLE can come
    }
    if (lease === undefined || this.#commit.lease !== lease) return this.#unavailable(request);
    if (result === undefined) return this.#answers.refuseWith(request, "not_found", "there is no such object");
    this.#answers.found(request, result);
  }

  #unavailable(request: ReadRequest): void {
    this.#answers.refuseWith(request, this.#unsure, UNSURE[this.#unsure]);
  }
}
