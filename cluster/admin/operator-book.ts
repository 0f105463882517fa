/**
 * The operators as a node knows them: read from the control database when someone asks, and kept. While that database is
 * away those who were known stay known (design §5), so that a node can be looked at just then.
 */
import { timingSafeEqual } from "node:crypto";
import type { Clock, Log } from "../../actors/index.ts";
import type { KeyProvider, OperatorRecord, OperatorStore } from "../../storage/index.ts";
import { within } from "./asker.ts";
import { hashOperatorToken } from "./operator-tokens.ts";

/** A revoked operator is refused after this long at the latest, when the control database answers. */
const FRESH_FOR_MS = 2_000;
/** Who knows operators waits no longer for the database: whoever asks has more to wait for. */
const REREAD_WITHIN_MS = 500;

export class OperatorBook {
  readonly #store: Pick<OperatorStore, "list">;
  readonly #keys: Pick<KeyProvider, "derive">;
  readonly #clock: Clock;
  readonly #log: Log;
  #known: readonly OperatorRecord[] | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(
    store: Pick<OperatorStore, "list">,
    keys: Pick<KeyProvider, "derive">,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#store = store;
    this.#keys = keys;
    this.#clock = clock;
    this.#log = log;
  }

  /** Whose token it is; undefined: nobody's. "unknown": the operators were never read, so nobody can be told apart. */
  async find(token: string): Promise<OperatorRecord | undefined | "unknown"> {
    if (this.#clock.monotonicMs() - this.#readAtMs >= FRESH_FOR_MS) {
      const reading = (this.#reading ??= this.#read());
      await (this.#known === undefined ? reading : within(reading, REREAD_WITHIN_MS, this.#clock));
    }
    if (this.#known === undefined) return "unknown";
    const given = hashOperatorToken(token, this.#keys);
    let found: OperatorRecord | undefined;
    // All of them, whoever it is: the time does not tell.
    for (const one of this.#known)
      if (one.tokenHash.length === given.length && timingSafeEqual(one.tokenHash, given)) found = one;
    return found;
  }

  async #read(): Promise<void> {
    try {
      this.#known = await this.#store.list();
    } catch (error) {
      this.#log.warn({ reason: String(error) }, "the operators cannot be read; those known before stay");
    } finally {
      this.#readAtMs = this.#clock.monotonicMs(); // also of a failure: not every question waits for it
      this.#reading = undefined;
    }
  }
}
