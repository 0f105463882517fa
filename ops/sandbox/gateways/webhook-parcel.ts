/** What the queue of webhooks carries. */

/** What is to be sent. `id`: the same for the same event, for ever. `body`: unsigned JSON. */
export interface Message {
  readonly id: string;
  readonly type: string;
  readonly body: string;
}

/** A message on file. */
export interface KeptMessage extends Message {
  readonly dueAt: number;
}
/** Messages that go in one request, and go again together. */
export interface Parcel {
  readonly messages: readonly KeptMessage[];
  readonly dueAt: number;
  readonly failures: number;
  readonly firstTriedAt: number | null;
}

/** A parcel that was never sent. */
export const parcelOf = (messages: readonly KeptMessage[], dueAt: number): Parcel => ({
  messages,
  dueAt,
  failures: 0,
  firstTriedAt: null,
});
export const dueOnly = (parcel: Parcel, nowMs: number): Parcel | undefined =>
  parcel.dueAt <= nowMs ? parcel : undefined;
export const isSame = (a: Parcel, b: Parcel): boolean => a.messages[0]?.id === b.messages[0]?.id;
