/**
 * Takes requests that change a merchant's endpoints: one after another for each key, looked up like the keys of payments,
 * written in turns with the commits. A key that memory does not know is looked up first.
 */
import type { Answers, Asker } from "./answers.ts";
import { type MerchantId, type Refusal, refuse } from "./domain/index.ts";
import { ENDPOINT_ROUTES, type EndpointChange, EndpointChanges } from "./endpoint-changes.ts";
import {
  type DeleteRequest,
  type EndpointRequest,
  EndpointRequests,
  type KeyedRequest,
  type ReadRequest,
} from "./endpoint-requests.ts";
import { type Flow, keyIdOf, newFlow } from "./flow.ts";
import type { FlowTable } from "./flow-table.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { KnownKeys } from "./known-keys.ts";
import type { Outbox, WebhookParts } from "./outbox.ts";
import type { OutboxOutcome } from "./outbox-writer.ts";
import type { Ownership } from "./ownership.ts";
import type { StoredReply } from "./ports/decisions.ts";
import type { MerchantProfile, Presenter, RequestReader } from "./ports/requests.ts";
import type { ShardStore } from "./ports/shard-store.ts";
import type { Clock, Log, Random } from "./ports/world.ts";

export interface EndpointParts {
  readonly flows: FlowTable;
  readonly commit: GroupCommit;
  readonly store: ShardStore;
  readonly knownKeys: KnownKeys;
  readonly ownership: Ownership;
  readonly answers: Answers;
  readonly outbox: Outbox;
  readonly webhooks: WebhookParts;
  readonly reader: RequestReader;
  readonly presenter: Presenter;
  readonly merchants: (id: MerchantId) => MerchantProfile | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Requests that wait for the database at once; people and scripts make them, so a few. */
const RUNNING_MAX = 64;
/** A write that hangs longer is not waited for. */
const HANG_MS = 2_000;
const OVERLOADED = refuse("overloaded", "too many requests about endpoints wait for the shard's database");
const NOT_SURE = refuse("storage_unavailable", "the shard cannot be sure of its state now");
const NOTHING_DONE = refuse("storage_unavailable", "the request could not be stored; nothing was done");
const NOT_KNOWN = refuse(
  "storage_unavailable",
  "it is not known yet whether the request was stored; send it again with the same key",
);
const REUSED = refuse("idempotency_key_reuse", "the key was used with another body or route");
const IN_USE = refuse("idempotency_key_in_use", "the first request with this key is still running");
const NO_MERCHANT = refuse("shard_unavailable", "the merchant is not known here yet");
const DONE = new Uint8Array(0);

export class Endpoints {
  readonly #parts: EndpointParts;
  readonly #changes: EndpointChanges;
  readonly #requests: EndpointRequests;
  /** Each is answered once: by its end, or by a reset. */
  readonly #running = new Set<EndpointRequest>();

  constructor(parts: EndpointParts) {
    this.#parts = parts;
    const { vault, rules } = parts.webhooks;
    this.#changes = new EndpointChanges({ ...parts, vault, rules, head: () => parts.commit.head });
    this.#requests = new EndpointRequests(parts.reader, parts.store, this.#changes);
  }

  take(request: EndpointRequest): void {
    const { answers, commit, ownership } = this.#parts;
    if (this.#running.size >= RUNNING_MAX) return answers.refuse(request, OVERLOADED);
    if (!commit.healthy(HANG_MS)) return answers.refuse(request, NOTHING_DONE);
    this.#running.add(request);
    if (ownership.isCertain) return void this.#run(request);
    const asked = ownership.ask((mine) => (mine ? void this.#run(request) : this.#refuse(request, NOT_SURE)));
    if (!asked) this.#refuse(request, OVERLOADED);
  }

  /** Refuses what runs: the actor drops its memory. */
  reset(code: "storage_unavailable" | "shard_unavailable"): void {
    for (const request of this.#running) this.#refuse(request, { ...NOT_KNOWN, code });
  }

  async #run(request: EndpointRequest): Promise<void> {
    if (!this.#running.has(request)) return;
    try {
      if (request.kind === "deleteEndpoint") await this.#delete(request);
      else await this.#keyed(request);
    } catch (error) {
      // The database does not answer, or a secret cannot be opened: nothing was written.
      this.#parts.log.error({ reason: String(error) }, "a request about an endpoint failed");
      this.#refuse(request, NOTHING_DONE);
    }
  }

  async #keyed(request: KeyedRequest): Promise<void> {
    const { flows, merchants } = this.#parts;
    const { merchantId, idempotencyKey: key, kind } = request;
    const merchant = merchants(merchantId);
    if (merchant === undefined) return this.#refuse(request, NO_MERCHANT);
    const read = this.#requests.read(request, merchant);
    if ("code" in read) return this.#refuse(request, read);
    const flow = newFlow({ merchantId, key, route: ENDPOINT_ROUTES[kind], fingerprint: read.fingerprint });
    const known = flows.byKey(keyIdOf(merchantId, key));
    if (known !== undefined) return this.#refuse(request, isSame(flow, known.request) ? IN_USE : REUSED);
    flows.reserve(flow); // a payment with the same key is refused meanwhile
    try {
      await this.#decide(request, read, flow, merchant.slot);
    } finally {
      flows.forget(flow);
    }
  }

  async #decide(request: KeyedRequest, read: ReadRequest, flow: Flow, slot: number): Promise<void> {
    const { knownKeys, store } = this.#parts;
    const { merchantId, idempotencyKey: key } = request;
    if (!knownKeys.isNew(flow.keyId as string)) {
      const [found] = await store.findKeys([{ merchantId, key }]);
      if (found !== undefined && !isSame(flow, found.row)) return this.#refuse(request, REUSED);
      if (found !== undefined) return this.#answer(request, this.#changes.replay(found.row, await read.view()), true);
    }
    const change = await read.change();
    if ("code" in change) return this.#refuse(request, change);
    knownKeys.add(flow.keyId as string);
    const { route, fingerprint, endpointId } = change;
    await this.#write(request, () => {
      const decided = change.decide();
      if ("code" in decided) return decided;
      const keys = [{ merchantId, slot, key, route, fingerprint, endpointId }];
      return { ...decided, write: { ...decided.write, rows: { ...decided.write.rows, keys } } };
    });
  }

  async #delete(request: DeleteRequest): Promise<void> {
    await this.#write(request, () => {
      const write = this.#changes.remove(request.merchantId, request.endpointId);
      return "code" in write ? write : { write, reply: { status: 204, body: DONE } };
    });
  }

  /** Writes in its turn what `decide` says then. */
  async #write(request: EndpointRequest, decide: () => ReturnType<EndpointChange["decide"]>): Promise<void> {
    let decided: ReturnType<EndpointChange["decide"]> | undefined;
    const outcome = await this.#parts.outbox.writer.write(() => {
      if (!this.#running.has(request)) return null;
      decided = decide();
      return "code" in decided ? null : decided.write;
    });
    if (decided !== undefined && "code" in decided) this.#refuse(request, decided);
    else if (outcome.kind === "committed" && decided !== undefined) this.#answer(request, decided.reply, false);
    else this.#refuse(request, refusalOf(outcome));
  }

  #answer(request: EndpointRequest, reply: StoredReply | Refusal, replayed: boolean): void {
    if ("code" in reply) return this.#refuse(request, reply);
    if (this.#running.delete(request)) this.#parts.answers.final(request, reply, replayed, null);
  }

  #refuse(request: EndpointRequest & Asker, refusal: Refusal): void {
    if (this.#running.delete(request)) this.#parts.answers.refuse(request, refusal);
  }
}

const isSame = (flow: Flow, first: { readonly route: string; readonly fingerprint: Uint8Array } | null): boolean =>
  flow.request?.route === first?.route &&
  first !== null &&
  Buffer.compare(flow.request?.fingerprint ?? DONE, first.fingerprint) === 0;

/** `rejected`: the key stands there after all, so somebody used it; who asks again with it learns what for. */
const refusalOf = ({ kind }: OutboxOutcome): Refusal =>
  kind === "unavailable" || kind === "nothing" ? NOTHING_DONE : NOT_KNOWN;
