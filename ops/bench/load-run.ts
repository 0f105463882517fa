/**
 * One open-loop run: sends every request when it is due, checks each answer, times it from the moment it was due.
 * Modes: warm-up (sent, not timed), window (timed), drain (nothing new is due; answers are awaited). Nothing on the way
 * of a payment makes an object, and a read makes a view of an id or two: state lies in typed arrays by connection or by
 * request number.
 */
import { isRefusal, judgeConflict, judgePayment, judgeRead, judgeRefund, judgeReplay } from "./answer-check.ts";
import type { Finished } from "./answer-check.ts";
import { Connections } from "./connections.ts";
import type { ResponseView } from "./http-response.ts";
import { LaterTraffic } from "./later-traffic.ts";
import { LoadTally } from "./load-tally.ts";
import { OUTCOME } from "./load-terms.ts";
import type { LoadResult, LoadSettings } from "./load-terms.ts";
import { idIn, MadePayments } from "./made-payments.ts";
import { pickerOf } from "./merchant-pick.ts";
import type { PickMerchant } from "./merchant-pick.ts";
import { isKept, KIND, KINDS, kindOf } from "./mix.ts";
import { PreparedRun } from "./prepared-run.ts";
import { READ_KINDS, readOf } from "./read-mix.ts";
import type { ReadTarget } from "./read-mix.ts";
import { makeSchedule } from "./schedule.ts";
import type { Schedule } from "./schedule.ts";
import { Traffic } from "./traffic.ts";

const TICK_MS = 2;
/** Due requests sent before answers are read again: a stall must not become a stall of the reader too. */
const BURST_MAX = 256;
const KEPT_MAX = 4096;
const SAMPLES_MAX = 5;
/** Stands for the sort of a connection that has no request. */
const IDLE = 255;
/** Stands for the payment of a request that is about none. */
const NO_PAYMENT = -1;

export class LoadRun {
  readonly #settings: LoadSettings;
  readonly #schedule: Schedule;
  readonly #pick: PickMerchant;
  readonly #traffic: Traffic;
  readonly #later: LaterTraffic;
  readonly #connections: Connections;
  readonly #notices: PreparedRun | null;
  readonly #outcomes: Uint8Array;
  readonly #tally: LoadTally;
  // By connection: which request is on it.
  readonly #numberOn: Int32Array;
  readonly #sortOn: Uint8Array;
  readonly #originalOn: (Finished | undefined)[];
  readonly #paymentOn: Int32Array;
  readonly #finished: Finished[] = [];
  readonly #made: MadePayments;
  readonly #refunded: MadePayments;
  readonly #samples: string[] = [];
  /** Never notified: waiting on it is a sleep that no answer ends, so that answers are read many at a time. */
  readonly #never = new Int32Array(new SharedArrayBuffer(4));
  // The request that is being made.
  #sort: number = IDLE;
  #original: Finished | undefined;
  #payment = NO_PAYMENT;
  #startMs = 0;
  #next = 0;
  /** The first request that is measured: the schedule's, or the first sent in the window when all are sent late. */
  #firstMeasured: number;
  #inFlight = 0;
  /** Last moment (after t0) at which a request was due and no connection free. */
  #starvedAtMs = -1;

  constructor(settings: LoadSettings) {
    const { mix, tokens, connections } = settings;
    this.#settings = settings;
    this.#schedule = makeSchedule(settings);
    this.#pick = pickerOf(settings.spread, tokens.length, settings.seed);
    this.#traffic = new Traffic(settings, this.#pick);
    this.#later = new LaterTraffic(settings);
    this.#connections = new Connections(settings.address, settings.port, connections, {
      answered: (index, bytes, view) => this.#onAnswer(index, bytes, view),
      lost: (index) => this.#onLost(index),
    });
    this.#notices = settings.notices === null ? null : new PreparedRun(settings.notices, settings);
    this.#outcomes = new Uint8Array(this.#schedule.total);
    this.#firstMeasured = settings.capacity ? this.#schedule.total : this.#schedule.firstMeasured;
    this.#tally = new LoadTally(settings.drainMs);
    this.#numberOn = new Int32Array(connections);
    this.#sortOn = new Uint8Array(connections).fill(IDLE);
    this.#originalOn = Array.from({ length: connections }, () => undefined);
    this.#paymentOn = new Int32Array(connections).fill(NO_PAYMENT);
    this.#made = new MadePayments(mix.readsInTen > 0 || mix.refundEvery > 0 ? this.#schedule.total : 0);
    this.#refunded = new MadePayments(mix.refundEvery > 0 ? this.#schedule.total : 0);
  }

  /** Opens the connections; rejects when the server is not there. */
  async connect(): Promise<void> {
    await this.#connections.open();
    await this.#notices?.connect();
  }

  /** Sends everything and waits for the answers. `onWindow` is told when the measured window begins and ends. */
  async run(onWindow: (edge: "begin" | "end") => void): Promise<LoadResult> {
    this.#startMs = performance.now();
    this.#notices?.begin(this.#startMs);
    let cpu = process.cpuUsage();
    const { measureStartMs, measureEndMs } = this.#schedule;
    let edge = 0;
    return new Promise((resolve) => {
      const tick = (): void => {
        const elapsedMs = performance.now() - this.#startMs;
        if (edge === 0 && elapsedMs >= measureStartMs) {
          edge = 1;
          if (this.#settings.capacity) this.#firstMeasured = this.#next;
          cpu = process.cpuUsage();
          onWindow("begin");
        }
        if (edge === 1 && elapsedMs >= measureEndMs) {
          edge = 2;
          cpu = process.cpuUsage(cpu);
          onWindow("end");
          if (this.#settings.capacity) this.#next = this.#schedule.total;
        }
        const caughtUp = this.#sendDue(elapsedMs);
        this.#notices?.step(elapsedMs);
        const drained = this.#next === this.#schedule.total && this.#inFlight === 0 && this.#notices?.isDone !== false;
        if (edge === 2 && (drained || elapsedMs >= measureEndMs + this.#settings.drainMs)) {
          this.#connections.close();
          resolve(this.#result(cpu));
        } else {
          if (caughtUp) Atomics.wait(this.#never, 0, 0, TICK_MS);
          setImmediate(tick);
        }
      };
      tick();
    });
  }

  /** Sends what is due, at most a burst; true when nothing more can be sent now. */
  #sendDue(elapsedMs: number): boolean {
    const due = this.#schedule.dueBy(elapsedMs);
    for (let burst = 0; this.#next < due; burst++) {
      if (burst === BURST_MAX) return false;
      if (!this.#send(this.#next, elapsedMs)) {
        this.#starvedAtMs = elapsedMs;
        return true;
      }
      this.#next++;
    }
    return true;
  }

  /** Sends request `k`; false when no connection is free. */
  #send(k: number, elapsedMs: number): boolean {
    const index = this.#connections.send(this.#make(k));
    if (index < 0) return false;
    const sort = this.#sort;
    if (this.#original !== undefined) this.#finished.shift();
    this.#numberOn[index] = k;
    this.#sortOn[index] = sort;
    this.#originalOn[index] = this.#original;
    this.#paymentOn[index] = this.#payment;
    this.#inFlight++;
    if (this.#leavesTrace(sort)) this.#outcomes[k] = OUTCOME.sent;
    if (k >= this.#firstMeasured) {
      const dueMs = this.#schedule.dueMs(k);
      this.#tally.sent(sort, this.#isFirst(k, sort), elapsedMs - dueMs, this.#starvedAtMs >= dueMs);
    }
    return true;
  }

  /** The bytes of request `k`, and in the fields what it is. What lacks its material is a fresh payment, or another read. */
  #make(k: number): Buffer {
    const kind = kindOf(k, this.#settings.mix);
    this.#original = undefined;
    this.#payment = NO_PAYMENT;
    if (kind === "read") return this.#makeRead(k);
    if (kind === "refund" && this.#made.count > 0) {
      this.#sort = KIND.refund;
      this.#payment = this.#made.older(k);
      return this.#later.refundBytes(k, this.#merchantOf(this.#made, this.#payment), this.#made.idOf(this.#payment));
    }
    if (kind === "replay" || kind === "conflict") this.#original = this.#finished[0];
    this.#sort = this.#original === undefined ? KIND.fresh : KIND[kind];
    return this.#traffic.bytesOf(this.#original?.k ?? k, this.#sort === KIND.conflict);
  }

  #makeRead(k: number): Buffer {
    const read = readOf(k, this.#hasTarget);
    const { target } = READ_KINDS[read] as (typeof READ_KINDS)[number];
    this.#sort = KIND.read + read;
    if (target === "none") return this.#later.readBytes(read, this.#pick(k), null);
    const payments = this.#paymentsOf(target);
    this.#payment = target === "recent" ? payments.recent(k) : payments.older(k);
    return this.#later.readBytes(read, this.#merchantOf(payments, this.#payment), payments.idOf(this.#payment));
  }

  readonly #hasTarget = (target: ReadTarget): boolean => target === "none" || this.#paymentsOf(target).count > 0;

  #paymentsOf(target: ReadTarget): MadePayments {
    return target === "refunded" ? this.#refunded : this.#made;
  }
  #merchantOf(payments: MadePayments, position: number): number {
    return this.#pick(payments.numberOf(position));
  }
  #isFirst(k: number, sort: number): boolean {
    return sort === KIND.fresh && this.#pick(k) === 0;
  }
  /** Whether the audit looks for what a request of this sort leaves behind. */
  #leavesTrace(sort: number): boolean {
    return sort === KIND.fresh || sort === KIND.refund;
  }

  #onAnswer(index: number, bytes: Buffer, view: ResponseView): void {
    const elapsedMs = performance.now() - this.#startMs;
    const k = this.#numberOn[index] as number;
    const sort = this.#sortOn[index] as number;
    this.#inFlight--;
    const verdict = isRefusal(view.status) ? OUTCOME.refused : this.#judge(index, k, sort, bytes, view);
    this.#sortOn[index] = IDLE;
    this.#originalOn[index] = undefined;
    if (this.#leavesTrace(sort)) this.#outcomes[k] = verdict;
    if (verdict === OUTCOME.wrong) this.#sample(sort, bytes, view);
    const { measureStartMs, measureEndMs } = this.#schedule;
    const isFirst = this.#isFirst(k, sort);
    if (elapsedMs >= measureStartMs && elapsedMs < measureEndMs)
      this.#tally.cameInWindow(sort, isFirst, verdict === OUTCOME.accepted);
    if (k >= this.#firstMeasured)
      this.#tally.answered(sort, isFirst, verdict, view.status, elapsedMs - this.#schedule.dueMs(k), view.gatewayMs);
    else if (verdict === OUTCOME.wrong) this.#tally.faultInWarmup();
  }

  /** What the answer is worth: `accepted` means right for its kind. Remembers what later requests are made of. */
  #judge(index: number, k: number, sort: number, bytes: Buffer, view: ResponseView): number {
    const { status, bodyStart, bodyEnd } = view;
    const original = this.#originalOn[index];
    const payment = this.#paymentOn[index] as number;
    if (original !== undefined)
      return sort === KIND.replay ? judgeReplay(original, bytes, view) : judgeConflict(status);
    if (sort >= KIND.read) {
      const read = sort - KIND.read;
      const { target } = READ_KINDS[read] as (typeof READ_KINDS)[number];
      return judgeRead(read, payment === NO_PAYMENT ? null : this.#paymentsOf(target).idOf(payment), bytes, view);
    }
    if (sort === KIND.refund) {
      if (status === 201) this.#refunded.add(this.#made.numberOf(payment), this.#made.idOf(payment), 0);
      return judgeRefund(status);
    }
    // 202 is not final: its replay may rightly say something else, and a read of it too.
    if (status === 201) {
      const idAt = idIn(bytes, bodyStart, bodyEnd);
      if (idAt >= 0) this.#made.add(k, bytes, idAt);
    }
    if ((status === 201 || status === 402) && isKept(k, this.#settings.mix) && this.#finished.length < KEPT_MAX)
      this.#finished.push({ k, status, body: Buffer.from(bytes.subarray(bodyStart, bodyEnd)) });
    return judgePayment(status);
  }

  #onLost(index: number): void {
    this.#inFlight--;
    this.#countUnanswered(index);
    this.#sortOn[index] = IDLE;
    this.#originalOn[index] = undefined;
  }

  #countUnanswered(index: number): void {
    const k = this.#numberOn[index] as number;
    const sort = this.#sortOn[index] as number;
    if (k < this.#firstMeasured) this.#tally.faultInWarmup();
    else this.#tally.unanswered(sort, this.#isFirst(k, sort));
  }

  #sample(sort: number, bytes: Buffer, view: ResponseView): void {
    if (this.#samples.length === SAMPLES_MAX) return;
    const body = bytes.toString("utf8", view.bodyStart, Math.min(view.bodyEnd, view.bodyStart + 300));
    const name = sort < KIND.read ? KINDS[sort] : READ_KINDS[sort - KIND.read]?.name;
    this.#samples.push(`${name} ${view.status} ${body}`);
  }

  #result(cpu: NodeJS.CpuUsage): LoadResult {
    const { measureS, rate, connections, mix } = this.#settings;
    this.#sortOn.forEach((sort, index) => {
      if (sort !== IDLE) this.#countUnanswered(index);
    });
    for (; this.#next < this.#schedule.total; this.#next++) this.#tally.neverSent(kindOf(this.#next, mix) === "read");
    const counted = this.#tally.result(measureS);
    return {
      ...counted,
      offered: rate,
      samples: this.#samples,
      cpuUsPerRequest: (cpu.user + cpu.system) / Math.max(1, counted.answeredInWindow),
      connections,
      reopened: this.#connections.reopened,
      notices: this.#notices?.end() ?? null,
      outcomes: this.#outcomes,
      noticeOutcomes: this.#notices?.outcomes ?? new Uint8Array(0),
    };
  }
}
