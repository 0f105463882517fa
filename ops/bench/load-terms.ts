/** What a load run is told and what it tells back: the messages between the bench and its generator. */
import type { Quantiles } from "./histogram.ts";
import type { MerchantSpread } from "./merchant-pick.ts";
import type { Mix } from "./mix.ts";
import type { ScheduleTerms } from "./schedule.ts";
import type { TrafficTerms } from "./traffic.ts";

export interface LoadSettings extends ScheduleTerms, TrafficTerms {
  readonly port: number;
  readonly address: string;
  readonly connections: number;
  readonly mix: Mix;
  /** How the payments are spread over the tokens' merchants. */
  readonly spread: MerchantSpread;
  readonly seed: number;
  /** Find what the server can do at most: what is due at the window's end and not sent is dropped, not counted. */
  readonly capacity: boolean;
  /** Notifications of a gateway, sent meanwhile over connections of their own; null: none. */
  readonly notices: PreparedLoad | null;
  /** How long answers are waited for after the last request was due; also the latency of what has none. */
  readonly drainMs: number;
}

/** Unanswered requests count as this. */
export const DRAIN_MS = 8000;

/** What became of request k, one byte each; replays, conflicts and reads stay `none`. */
export const OUTCOME = { none: 0, sent: 1, accepted: 2, refused: 3, wrong: 4 } as const;

/** The answers to one kind of request that was due in the measured window. */
export interface Answers {
  readonly due: number;
  readonly right: number;
  /** 503 and 429: refused before anything was written. */
  readonly refused: number;
  readonly wrong: number;
  readonly unanswered: number;
  readonly neverSent: number;
}

/** Times of reads: from the intended send time, microseconds; refused ones left out. */
export interface ReadsResult {
  /** Right answers that arrived inside the window, per second. */
  readonly achieved: number;
  readonly answers: Answers;
  readonly latency: Quantiles;
  readonly kinds: readonly {
    readonly name: string;
    /** Percent of the reads, as asked for. */
    readonly share: number;
    readonly answers: Answers;
    readonly latency: Quantiles;
  }[];
}

/** The payments of the merchant with the most: the first one. */
export interface FirstMerchant {
  /** Of the payments that were accepted inside the window, 0 to 1. */
  readonly share: number;
  readonly answers: Answers;
  /** As LoadResult.net. */
  readonly net: Quantiles;
}

/** Requests that were written before the run, in their order, each sent once. */
export interface PreparedLoad {
  /** Requests a second. */
  readonly rate: number;
  readonly connections: number;
  /** In their order; at least as many as are due. */
  readonly requests: readonly Uint8Array[];
  /** Status of a right answer; other 503 and 429 are refusals. */
  readonly rightStatus: number;
}

export interface PreparedResult {
  readonly offered: number;
  /** Right answers that arrived inside the window, per second. */
  readonly achieved: number;
  readonly answers: Answers;
  readonly faultyInWarmup: number;
  /** From the intended send time; refused ones left out. */
  readonly latency: Quantiles;
  /** Up to five wrong answers: status, first bytes. */
  readonly samples: readonly string[];
}

export interface LoadResult {
  /** Requests a second, as asked; reads with them. */
  readonly offered: number;
  /** Right answers to fresh requests that arrived inside the window, per second. */
  readonly achieved: number;
  readonly acceptedInWindow: number;
  readonly answeredInWindow: number;
  /** Right answers to requests of every kind that arrived inside the window. */
  readonly rightInWindow: number;
  readonly fresh: Answers;
  readonly replays: Answers;
  readonly conflicts: Answers;
  readonly refunds: Answers;
  /** Null: none was asked for. */
  readonly reads: ReadsResult | null;
  readonly firstMerchant: FirstMerchant;
  /** Wrong or missing answers before the window: they void it as well. */
  readonly faultyInWarmup: number;
  /** Answers by status, window only. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Up to five wrong answers: kind, status, first bytes. */
  readonly samples: readonly string[];
  /** From the intended send time, less the gateway's own time; fresh requests, refused ones left out. */
  readonly net: Quantiles;
  /** The same with the gateway's time. */
  readonly gross: Quantiles;
  readonly replayLatency: Quantiles;
  /** How late requests were sent. */
  readonly lag: Quantiles;
  /** Share sent over 50 ms late although a connection was free: the generator's own fault. */
  readonly lateShare: number;
  /** Share sent over 50 ms late for want of a free connection: the server was saturated. */
  readonly starvedShare: number;
  readonly cpuUsPerRequest: number;
  readonly connections: number;
  readonly reopened: number;
  /** Null: none were sent. */
  readonly notices: PreparedResult | null;
  /** One OUTCOME per request, by number, warm-up included. */
  readonly outcomes: Uint8Array;
  /** The same of the notices. */
  readonly noticeOutcomes: Uint8Array;
}

/** What is told of a run: its figures. */
export type LoadFigures = Omit<LoadResult, "outcomes" | "noticeOutcomes">;

/** What the generator says while it runs. */
export type LoadMessage =
  | { readonly kind: "connected" }
  | { readonly kind: "measuring" }
  | { readonly kind: "measured" }
  | { readonly kind: "result"; readonly result: LoadResult }
  | { readonly kind: "failed"; readonly reason: string };
