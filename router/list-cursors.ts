/**
 * Where a page of a list goes on, as merchants carry it: opaque, signed, and of use to one merchant for one list with
 * one set of filters only (gateways.md §4). What is signed is never stored, so the key may change at any start.
 */
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { bytesOfId, type EndpointId, idFromBytes, type MerchantId, type PaymentId } from "../actors/domain/index.ts";
import type { DeliveriesCursor, EventsCursor, PaymentsCursor, PaymentsFilter, RefundsCursor } from "../actors/index.ts";

/** Which list, and which part of it. */
export type ListScope =
  | { readonly name: "payments"; readonly filter: PaymentsFilter }
  | { readonly name: "refunds" | "paymentEvents"; readonly paymentId: PaymentId }
  | { readonly name: "events" }
  | { readonly name: "deliveries"; readonly endpointId: EndpointId };

interface CursorOf {
  payments: PaymentsCursor;
  refunds: RefundsCursor;
  paymentEvents: EventsCursor;
  events: EventsCursor;
  deliveries: DeliveriesCursor;
}
type ListName = keyof CursorOf;

export interface ListCursors {
  write<N extends ListName>(merchant: MerchantId, scope: ListScope & { readonly name: N }, cursor: CursorOf[N]): string;
  /** Undefined: not one of ours, or for another merchant, list or filter. Which of these is not told. */
  read<N extends ListName>(
    merchant: MerchantId,
    scope: ListScope & { readonly name: N },
    text: string,
  ): CursorOf[N] | undefined;
}

interface Codec<Cursor> {
  readonly byteCount: number;
  write(cursor: Cursor, into: Buffer): void;
  read(from: Buffer): Cursor;
}

const EVENTS: Codec<EventsCursor> = {
  byteCount: 16,
  write(cursor, into) {
    into.writeDoubleBE(cursor.recordedAtMs, 0);
    into.writeBigInt64BE(cursor.seq, 8);
  },
  read: (from) => ({ recordedAtMs: from.readDoubleBE(0), seq: from.readBigInt64BE(8) }),
};
const CODECS: { readonly [N in ListName]: Codec<CursorOf[N]> } = {
  payments: {
    byteCount: 24,
    write(cursor, into) {
      into.set(bytesOfId(cursor.id));
      into.writeBigInt64BE(cursor.upToSeq, 16);
    },
    read: (from) => ({ id: idFromBytes("pay", from.subarray(0, 16)), upToSeq: from.readBigInt64BE(16) }),
  },
  refunds: {
    byteCount: 16,
    write: (cursor, into) => into.set(bytesOfId(cursor.id)),
    read: (from) => ({ id: idFromBytes("op", from.subarray(0, 16)) }),
  },
  paymentEvents: EVENTS,
  events: EVENTS,
  deliveries: {
    byteCount: 24,
    write(cursor, into) {
      into.writeDoubleBE(cursor.createdAtMs, 0);
      into.set(bytesOfId(cursor.eventId), 8);
    },
    read: (from) => ({ createdAtMs: from.readDoubleBE(0), eventId: idFromBytes("evt", from.subarray(8, 24)) }),
  },
};

/** 128 bits: nobody guesses one, and a cursor stays short. */
const MAC_BYTES = 16;

/** `key`: 32 bytes, the same for all who write and read cursors. Throws on a shorter one. */
export function createListCursors(key: Uint8Array): ListCursors {
  if (key.length < 32) throw new Error("the key of the cursors has at least 32 bytes");
  const macOf = (merchant: MerchantId, scope: ListScope, payload: Uint8Array): Buffer =>
    createHmac("sha256", key)
      .update(`cursor.1\n${merchant}\n${scope.name}\n${partOf(scope)}\n`)
      .update(payload)
      .digest()
      .subarray(0, MAC_BYTES);
  return {
    write(merchant, scope, cursor) {
      const codec = CODECS[scope.name];
      const payload = Buffer.alloc(codec.byteCount);
      codec.write(cursor, payload);
      return Buffer.concat([payload, macOf(merchant, scope, payload)]).toString("base64url");
    },
    read(merchant, scope, text) {
      const codec = CODECS[scope.name];
      const bytes = Buffer.from(text, "base64url");
      if (bytes.length !== codec.byteCount + MAC_BYTES || bytes.toString("base64url") !== text) return undefined;
      const payload = bytes.subarray(0, codec.byteCount);
      const genuine = timingSafeEqual(bytes.subarray(codec.byteCount), macOf(merchant, scope, payload));
      return genuine ? codec.read(payload) : undefined;
    },
  };
}

/** What beside its name says which list it is. One text for each: JSON quotes what a merchant chose. */
function partOf(scope: ListScope): string {
  if (scope.name === "events") return "";
  if (scope.name === "deliveries") return scope.endpointId;
  if (scope.name !== "payments") return scope.paymentId;
  const { status, createdFromMs, createdBeforeMs, merchantReference } = scope.filter;
  return JSON.stringify([status, createdFromMs, createdBeforeMs, merchantReference]);
}
