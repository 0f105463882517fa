/**
 * What the router knows of clients, merchants, keys and shards. A live object: the cluster refreshes what it answers
 * from, so a revoked client or a moved slot counts for the next request. Every answer comes from memory.
 */
import type { MerchantId } from "../actors/domain/index.ts";

export interface ClientEntry {
  readonly id: string;
  readonly merchantId: MerchantId;
  readonly status: "active" | "revoked";
  /** As `hashClientSecret` makes it. Two while a secret is being replaced. */
  readonly secretHashes: readonly Uint8Array[];
  /** What the client may ask for. */
  readonly scopes: readonly string[];
}

export interface MerchantEntry {
  readonly id: MerchantId;
  readonly status: "active" | "suspended";
  /** `slotOfMerchant(id)`, kept because every request needs it. */
  readonly slot: number;
}

/** A JSON Web Key. */
export type Jwk = Readonly<Record<string, unknown>>;

/** A key that tokens are signed with. Several stand side by side while keys are rotated. */
export interface SigningKeyEntry {
  readonly kid: string;
  readonly publicJwk: Jwk;
  /** Null: tokens of this key are still accepted, but no new ones are signed with it. */
  readonly privateJwk: Jwk | null;
}

export interface Directory {
  client(id: string): ClientEntry | undefined;
  merchant(id: string): MerchantEntry | undefined;
  /** The first with a private part signs. The array is replaced, not changed, when keys change. */
  readonly signingKeys: readonly SigningKeyEntry[];
  /** Undefined: nobody owns the slot at the moment. */
  slotToShard(slot: number): number | undefined;
}
