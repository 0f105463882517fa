/** What an actor asks of a gateway and what it may hear; `actors/gateways/` implements it. */
import type { Failure, GatewayName, MerchantId, OperationId, OperationKind, PaymentId } from "../domain/index.ts";

/**
 * What to do at the gateway.
 * `prepare`: make the object that `execute` acts on, moving no money. `execute`: move the money, always with the stored key.
 * `query`: read. `abandon`: make sure that nothing is charged any more. `probe`: a read that needs no payment, to learn
 * whether the gateway is there: of such a call only the account counts. `identify`: read which of our operations the object under the
 * `gatewayReference` belongs to; of such a call only that and the account count.
 */
export type GatewayAction = "prepare" | "execute" | "query" | "abandon" | "probe" | "identify";

/** What can be up or down by itself: an account's way to one kind of operation. */
export interface GatewayLine {
  readonly gateway: GatewayName;
  readonly account: string;
  readonly kind: OperationKind;
}

/** One try. Everything the request's bytes are built from is stored, so each try sends the same bytes. */
export interface GatewayCall {
  readonly operationId: OperationId;
  readonly paymentId: PaymentId;
  /** Whose call it is: merchants share an account's calls evenly. Null: nobody's, a probe. */
  readonly merchantId: MerchantId | null;
  readonly kind: OperationKind;
  readonly action: GatewayAction;
  readonly try: number;
  /** An earlier money-moving try may have reached the gateway: a refusal of this one then says nothing of that one. */
  readonly earlierTryOpen: boolean;
  readonly gateway: GatewayName;
  readonly account: string;
  readonly gatewayKey: string;
  readonly gatewayReference: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly paymentMethod: string;
  /** Total time for this call. */
  readonly timeoutMs: number;
  /**
   * Monotonic milliseconds of the process. Whoever finds the call later than this answers `notSubmitted` instead of making
   * it: after a standstill the shard may have another owner, who gave the operation up.
   */
  readonly notAfterMs: number;
}

/** What the gateway was observed to say. Only the first seven are facts about the operation; the rest speak of this try. */
export type GatewayObservation =
  | { readonly kind: "prepared"; readonly reference: string }
  | { readonly kind: "authorized"; readonly reference: string }
  /** `reference`: of the payment, or of the capture when that has one of its own. */
  | { readonly kind: "captured"; readonly reference: string | null }
  | { readonly kind: "refunded"; readonly reference: string | null }
  | { readonly kind: "declined"; readonly failure: Failure; readonly reference: string | null }
  | { readonly kind: "voided"; readonly reference: string | null }
  | { readonly kind: "conflicted"; readonly detail: string; readonly reference: string | null }
  /** Which of our operations an object names; null: none. */
  | { readonly kind: "identified"; readonly operationId: OperationId | null; readonly paymentId: PaymentId | null }
  /** The gateway has the operation and works on it. */
  | { readonly kind: "processing"; readonly reference: string | null }
  /** A read shows that the money-moving call has not run; it still may. */
  | { readonly kind: "undecided"; readonly reference: string | null }
  /** The stored answer of the first run is an error and the object shows that it ended without moving money. */
  | { readonly kind: "notExecuted"; readonly failure: Failure }
  /** This try never left the machine, or our credentials were refused. */
  | { readonly kind: "notSubmitted"; readonly reason: string }
  /** Not executed, or still running from an earlier try: the same call may be repeated after a while. */
  | { readonly kind: "busy"; readonly reason: string; readonly retryAfterMs: number | null }
  | { readonly kind: "unknown"; readonly reason: string }
  /** Only to a probe: the gateway answers. */
  | { readonly kind: "reachable" };

/** Reason of a `busy` answer: the account makes more calls than the gateway allows it. */
export const RATE_LIMITED = "rate_limited";
/** Reasons of a `notSubmitted` that this node gives by itself: they say nothing of the gateway. */
export const WAITED_TOO_LONG = "the call waited too long on this node";
export const CALLS_WAIT = "too many calls wait for the gateway account on this node";
export const TAKEN_OUT = "an operator has taken the gateway account out of use";

/** An observation with the operation and try that it answers; `tookMs`: the gateway's time. */
export interface GatewayAnswer {
  readonly operationId: OperationId;
  readonly paymentId: PaymentId;
  readonly try: number;
  readonly action: GatewayAction;
  readonly observation: GatewayObservation;
  readonly tookMs: number;
}

/** What a gateway can do: data that the resolver reads (gateways.md §3.3). */
export interface GatewayCapabilities {
  readonly name: GatewayName;
  /** An object can be read once its id is known. */
  readonly queryById: boolean;
  /** The outcome can be read by the name that we gave the operation. */
  readonly queryByMerchantRef: boolean;
  /** What was never heard of can be called off by the name that we gave it. */
  readonly cancelByMerchantRef: boolean;
  /** `prepare`, commit the reference, `execute`. */
  readonly twoStepCharge: boolean;
  /** The first answer to a key is kept and given again though it was a 500. */
  readonly replayReturnsStored5xx: boolean;
  /** Milliseconds from T1 on in which a call may be sent again with its key: less than the gateway promises to know it. */
  readonly keyTtlMs: number;
  /** Where the gateway knows the key; elsewhere the same call is a new one. */
  readonly keyScope: "account" | "account and region" | "process";
  /** Whether the gateway can say this amount at all: some count in coarser units than ISO 4217 does. */
  takes(currency: string, amountMinor: bigint): boolean;
}

/** One adapter. Never throws and never answers before the call ended or its time is up. */
export interface Gateway {
  readonly capabilities: GatewayCapabilities;
  run(call: GatewayCall): Promise<GatewayObservation>;
  close(): Promise<void>;
}

/** Takes calls out of the actor's thread. Answers come back in batches through `onAnswers`, given at construction. */
export interface GatewayDesk {
  submit(calls: readonly GatewayCall[]): void;
}
