/** What an answer is worth: judged from its status and as much of its body as proves that it is the right one. */
import type { ResponseView } from "./http-response.ts";
import { OUTCOME } from "./load-terms.ts";
import { READ_KINDS } from "./read-mix.ts";

/** A finished payment that may be sent again, and what it answered. */
export interface Finished {
  readonly k: number;
  readonly status: number;
  readonly body: Buffer;
}

/** 503 and 429: refused before anything was done. */
export const isRefusal = (status: number): boolean => status === 503 || status === 429;

const worth = (isRight: boolean): number => (isRight ? OUTCOME.accepted : OUTCOME.wrong);

export const judgePayment = (status: number): number => worth(status === 201 || status === 202 || status === 402);

/** A refund of one minor unit is within the bounds of every payment of a run: a 4xx is wrong. */
export const judgeRefund = (status: number): number => worth(status === 201 || status === 202);

/** The same status and the same bytes as the first time. */
export const judgeReplay = (original: Finished, bytes: Buffer, { status, bodyStart, bodyEnd }: ResponseView): number =>
  worth(status === original.status && original.body.compare(bytes, bodyStart, bodyEnd) === 0);

export const judgeConflict = (status: number): number => worth(status === 422);

/** A piece of a body, and whether the payment's id follows it. */
interface Proof {
  readonly text: Buffer;
  readonly withId: boolean;
}
const PROOFS: readonly (readonly Proof[])[] = READ_KINDS.map(({ holds }) =>
  holds.map((words) => ({
    text: Buffer.from(words.split("{id}")[0] ?? ""),
    withId: words.includes("{id}"),
  })),
);

/** `read`: position in READ_KINDS; `id`: of the payment that was asked for. */
export function judgeRead(read: number, id: Buffer | null, bytes: Buffer, view: ResponseView): number {
  if (view.status !== 200) return OUTCOME.wrong;
  for (const { text, withId } of PROOFS[read] ?? []) {
    const at = bytes.indexOf(text, view.bodyStart);
    const end = at + text.length;
    if (at < 0 || end > view.bodyEnd) return OUTCOME.wrong;
    if (withId && (id === null || id.compare(bytes, end, end + id.length) !== 0)) return OUTCOME.wrong;
  }
  return OUTCOME.accepted;
}
