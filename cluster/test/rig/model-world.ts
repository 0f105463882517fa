/**
 * An actor, its processor and the merchant's view of it, side by side. Each journal row must be what the reference allows
 * and what the processor knows to be true; each key has one final answer; no operation takes place twice.
 */
import { expect } from "chai";
import { type FactKind, isOpen, type OperationKind, type PaymentId } from "../../../actors/domain/index.ts";
import type { GatewayCall, ShardStore } from "../../../actors/index.ts";
import { Rig } from "./actor-rig.ts";
import { ModelGateway } from "./model-gateway.ts";
import { after, pending, type Reference } from "./reference-model.ts";

/** A request that a merchant sent, and what was heard of it. */
export interface Sent {
  readonly key: string;
  readonly send: (rig: Rig) => void;
  /** Its ticket at the present owner; undefined: an earlier owner took it to the grave. */
  ticket: number | undefined;
  isAnswered: boolean;
  isAccepted: boolean;
  final: Buffer | undefined;
}

const SUCCESSES: ReadonlySet<FactKind> = new Set<FactKind>(["authorized", "captured", "refunded"]);
const FAILURES: ReadonlySet<FactKind> = new Set<FactKind>([
  "declined",
  "notSubmitted",
  "captureFailed",
  "voidFailed",
  "refundFailed",
]);
const FINAL: ReadonlySet<number> = new Set([200, 201, 402]);

/** What stands before the store of one owner. `isOver`: that owner was killed, nothing of it happens any more. */
export type Wrap = (store: ShardStore, isOver: () => boolean) => ShardStore;
/** A take-over comes so late that its predecessor is certainly no longer sure of itself. */
const TAKE_OVER_MS = 4_000;
/** In which anything that can be found out is: grace, deadline, and reads at the pace of the schedule. */
const HEALING_MS: readonly number[] = [100, 25_000, 120_000, 900_000, 900_000, ...Array<number>(6).fill(4_400_000)];

export class World {
  readonly references = new Map<PaymentId, Reference>();
  readonly payments: PaymentId[] = [];
  readonly sent: Sent[] = [];
  readonly #givenUp = new Set<string>();
  readonly gateway = new ModelGateway({
    rig: () => this.rig,
    notify: async (notice, times) => {
      this.#tickets += times;
      await this.rig.notify(notice, times);
    },
    isCanceling: (id) => this.reference(id).canceling,
    isGivenUp: (operationId) => this.#givenUp.has(operationId),
  });
  readonly #wrap: Wrap;
  #life = { isOver: false };
  rig!: Rig; // since `own`
  #owners = 0n;
  #rows = 0;
  #calls = 0;
  #replies = 0;
  #tickets = 0;

  constructor(wrap: Wrap = (store) => store) {
    this.#wrap = wrap;
  }

  /** The first owner, or the next one: of the last one nothing is left but the database. */
  async own(name: "stripe" | "adyen"): Promise<void> {
    const last = this.rig as Rig | undefined;
    this.#owners++;
    this.#life.isOver = true;
    const life = { isOver: false };
    this.#life = life;
    const changes = { store: (store: ShardStore) => this.#wrap(store, () => life.isOver) };
    this.rig =
      last === undefined
        ? await Rig.started(name, changes)
        : await last.heir(this.#owners, last.nowMs + TAKE_OVER_MS, changes);
    this.#calls = 0;
    this.#replies = 0;
    this.#tickets = 0;
    this.gateway.open = [];
    for (const one of this.sent) {
      one.ticket = undefined;
      one.isAnswered = true; // its waiter died with the owner
    }
  }

  reference(id: PaymentId): Reference {
    return this.references.get(id) as Reference;
  }

  /** Sends a request for the first time. */
  ask(key: string, send: (rig: Rig) => void): Sent {
    const one: Sent = { key, send, ticket: ++this.#tickets, isAnswered: false, isAccepted: false, final: undefined };
    this.sent.push(one);
    send(this.rig);
    return one;
  }

  /** Sends a read, or a request again with its key; its ticket. */
  repeat({ send }: Pick<Sent, "send">): number {
    send(this.rig);
    return ++this.#tickets;
  }

  /** Holds everything that is new against the reference. */
  compare(): void {
    const { database, calls, rowsAtCall, replies } = this.rig;
    for (; this.#rows < database.rows.length; this.#rows++) this.#compareRow(this.#rows);
    for (; this.#calls < calls.length; this.#calls++) {
      const call = calls[this.#calls] as GatewayCall;
      const rows = database.rows.slice(0, rowsAtCall[this.#calls]);
      const isStored = rows.some(({ decision }) => decision.payment.operation.id === call.operationId);
      expect(isStored, "a call before its intent").to.equal(true);
      this.gateway.take(call);
    }
    for (; this.#replies < replies.length; this.#replies++) {
      const reply = replies[this.#replies]!;
      const one = this.sent.find(({ ticket }) => ticket === reply.ticket);
      if (one === undefined) continue;
      one.isAnswered = true;
      if (FINAL.has(reply.status)) this.hear(one, reply.status, reply.body);
    }
  }

  #compareRow(index: number): void {
    const { entry, payment, keyRow } = this.rig.database.rows[index]!.decision;
    const { id, amountMinor } = payment.terms;
    const { operation } = payment;
    if (keyRow !== null) this.sent.find(({ key }) => key === keyRow.key)!.isAccepted = true;
    if (entry.fact === "accepted") {
      this.payments.push(id);
      this.references.set(id, pending(amountMinor));
    } else {
      const next = after(this.reference(id), entry.fact, operation.amountMinor);
      expect(next, `${entry.fact} of a payment that is ${this.reference(id).status}`).not.to.equal(undefined);
      this.references.set(id, next as Reference);
    }
    const isDone = this.gateway.processor.effectOf(operation.id)?.done ?? false;
    if (SUCCESSES.has(entry.fact)) expect(isDone, `${entry.fact} that never was`).to.equal(true);
    if (FAILURES.has(entry.fact)) {
      expect(isDone, `${entry.fact}, but it took place`).to.equal(false);
      this.#givenUp.add(operation.id);
    }
    const { status, authorized, captured, refunded, refunding } = this.reference(id);
    const { authorizedMinor, capturedMinor, refundedMinor, refundingMinor } = payment;
    const seen = [payment.status, authorizedMinor, capturedMinor, refundedMinor, refundingMinor];
    expect(seen).to.deep.equal([status, authorized, captured, refunded, refunding]);
  }

  /** A final answer: the only one that its key ever gets. */
  hear(one: Sent, status: number, body: Uint8Array): void {
    const bytes = Buffer.concat([Buffer.from(`${status} `), body]);
    if (one.final !== undefined) expect(bytes.equals(one.final), `two answers to ${one.key}`).to.equal(true);
    one.final = bytes;
  }

  /** From now on all goes well, until nothing more can be found out; then the processor's truth is the actor's. */
  async heal(): Promise<void> {
    for (const ms of HEALING_MS) {
      this.rig.turnClockWithoutSweep(ms);
      await this.rig.pass(150);
      await this.gateway.tellAll(() => this.compare());
      if (this.rig.actor.snapshot().openOperations === 0) break;
    }
    const { processor } = this.gateway;
    for (const [id, { status, captured, refunded }] of this.references) {
      const sum = (...kinds: OperationKind[]): bigint =>
        processor.effects(id, ...kinds).reduce((total, { amountMinor }) => total + amountMinor, 0n);
      expect([sum("sale", "capture"), sum("refund")], `taken and given of ${status}`).to.deep.equal([
        captured,
        refunded,
      ]);
      const isHeld = sum("authorize") > 0n && processor.effects(id, "void", "capture").length === 0;
      expect(isHeld, `held of a payment that is ${status}`).to.equal(status === "authorized");
    }
  }

  /** Operations that are still open, cancels that wait for one left out. */
  stillOpen(): readonly string[] {
    const newest = new Map(this.rig.database.rows.map(({ decision: { payment } }) => [payment.operation.id, payment]));
    return [...newest.values()]
      .filter(({ operation, cancel }) => isOpen(operation.state) && cancel?.operationId !== operation.id)
      .map(({ operation: { kind, id } }) =>
        this.gateway.processor.effectOf(id) === undefined ? `${kind} that never arrived` : `${kind} that arrived`,
      );
  }
}
