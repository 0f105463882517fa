/**
 * What gateways tell unasked, in our words: one notice for each verified notification. `actors/gateways/` reads them,
 * `router/` takes them in, an actor decides what follows. A notice is plain data: it crosses threads and is stored.
 */
import type { DisputeState, Failure, GatewayName, OperationId, PaymentId } from "../domain/index.ts";

/**
 * What the notification claims. Total: what no table knows is `none`, what contradicts itself is `unclear`.
 * `authorized`: an authorization succeeded; of a sale it means that the charge did. `charged`: the whole payment is
 * captured, whichever operation asked for it. The `…Reversed` come after a success.
 */
export type NoticeClaim =
  | { readonly kind: "authorized" | "charged" | "captured" | "voided" | "expired" | "refunded" }
  | {
      readonly kind:
        | "declined"
        | "captureFailed"
        | "voidFailed"
        | "refundFailed"
        | "captureReversed"
        | "refundReversed";
      readonly failure: Failure;
    }
  | {
      readonly kind: "dispute";
      /** The gateway's name for the dispute. */
      readonly reference: string;
      /** Null: the notification does not say. */
      readonly state: DisputeState | null;
      /** What happened to the money with it; null: nothing. */
      readonly funds: "held" | "released" | "lost" | null;
    }
  /** The gateway has the operation and works on it. */
  | { readonly kind: "processing" }
  /** Signed, ours, and not to be believed: a field that decides has no legal value. */
  | { readonly kind: "unclear"; readonly why: string }
  /** Nothing follows. `informational`: we know it. */
  | { readonly kind: "none"; readonly why: "unknown_type" | "informational" }
  /** Signed, and not meant for us: another account, or test against live. */
  | { readonly kind: "quarantined"; readonly why: "account" | "mode" };

/** One verified notification. Amounts: minor units of `currency`, as decimal text, for plain data has no bigint. */
export interface GatewayNotice {
  readonly gateway: GatewayName;
  readonly account: string;
  /** The same for every delivery of the notification, within the gateway; says its account too. */
  readonly dedupeKey: string;
  /** SHA-256 of its bytes, hex: the same key with another body shows. */
  readonly bodyHash: string;
  /** The gateway's own word for it. */
  readonly type: string;
  readonly operationId: OperationId | null;
  readonly paymentId: PaymentId | null;
  /** The gateway's name for the payment; null: not told. */
  readonly paymentReference: string | null;
  /** The gateway's name for the capture, void or refund that it speaks of; null: it speaks of the payment. */
  readonly reference: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
  readonly claim: NoticeClaim;
}

/** Why a delivery is not taken. `invalid_signature`: 401; `malformed`: 400, signed or not. */
export type NoticeRefusal = "invalid_signature" | "malformed";

/** Checks and reads the notifications of one gateway. Pure but for what it was made with. */
export interface NoticeReader {
  readonly gateway: GatewayName;
  /**
   * The notices of one delivery: all of them, or none. `headers`: lower-case names; `nowMs`: Unix milliseconds. Never
   * throws, whatever the bytes are.
   */
  read(body: Uint8Array, headers: NoticeHeaders, nowMs: number): readonly GatewayNotice[] | NoticeRefusal;
}
export interface NoticeHeaders {
  readonly "stripe-signature"?: string | undefined;
  readonly authorization?: string | undefined;
}
