/** Between batches of envelopes and the bytes of one message. Encoding never meets a stranger's values; decoding does. */
import { toRefused, toReply, fromRefused, fromReply } from "./answer-envelope.ts";
import { Frame } from "./envelopes.generated.js";
import type { FrameContent, Garbage, Hello, PeerAnswer, PeerItem } from "./envelopes.ts";
import { fromFact, toFact } from "./fact-envelope.ts";
import { fromNotice, toNotice } from "./notice-envelope.ts";
import { fromRequest, toRequest } from "./request-envelope.ts";
import { isTicket } from "./wire-values.ts";

export const encodeHello = (hello: Hello): Uint8Array => Frame.encode({ hello }).finish();

/** `nowMs`: monotonic, of this process. */
export function encodeItems(items: readonly PeerItem[], nowMs: number): Uint8Array {
  const frame = { requests: [], notices: [], facts: [] } as Lists<"requests" | "notices" | "facts">;
  for (const item of items)
    if (item.kind === "request") frame.requests.push(toRequest(item.request, nowMs));
    else if (item.kind === "notice") frame.notices.push(toNotice(item.notice));
    else frame.facts.push(toFact(item.fact));
  return Frame.encode(frame).finish();
}

export function encodeAnswers(answers: readonly PeerAnswer[]): Uint8Array {
  const frame = { replies: [], refused: [], receipts: [] } as Lists<"replies" | "refused" | "receipts">;
  for (const answer of answers)
    if (answer.kind === "reply") frame.replies.push(toReply(answer.reply));
    else if (answer.kind === "refused") frame.refused.push(toRefused(answer));
    else frame.receipts.push(answer.receipt);
  return Frame.encode(frame).finish();
}

type Lists<Names extends keyof Frame.$Shape> = { [N in Names]: NonNullable<Frame.$Shape[N]> };

/** Never throws. `nowMs`: monotonic, of this process; the ages in the message count back from it. */
export function decodeFrame(bytes: Uint8Array, nowMs: number): FrameContent | Garbage {
  let frame: Frame.$Shape;
  try {
    frame = Frame.decode(bytes);
  } catch (error) {
    return { kind: "garbage", reason: error instanceof Error ? error.message : String(error) };
  }
  const requests = readAll(frame.requests, (wire) => fromRequest(wire, nowMs));
  const notices = readAll(frame.notices, fromNotice);
  const facts = readAll(frame.facts, fromFact);
  const replies = readAll(frame.replies, fromReply);
  const refused = readAll(frame.refused, fromRefused);
  const receipts = readAll(frame.receipts, ({ ticket, taken }) =>
    isTicket(ticket) ? { kind: "receipt" as const, receipt: { ticket, taken: taken ?? false } } : undefined,
  );
  return {
    kind: "frame",
    hello: readHello(frame.hello),
    requests: requests.read,
    notices: notices.read,
    facts: facts.read,
    answers: [...replies.read, ...refused.read, ...receipts.read],
    unsupportedRequests: ticketsOf(requests.left),
    unsupportedNotices: ticketsOf(notices.left),
    skipped:
      [...facts.left, ...replies.left, ...refused.left, ...receipts.left].length +
      [...requests.left, ...notices.left].filter(({ ticket }) => !isTicket(ticket)).length,
  };
}

function readHello(wire: Frame.$Shape["hello"]): Hello | null {
  if (wire === null || wire === undefined) return null;
  return { major: wire.major ?? 0, minor: wire.minor ?? 0, node: wire.node ?? "", process: wire.process ?? "" };
}

const ticketsOf = (left: readonly { readonly ticket?: number | null }[]): readonly number[] =>
  left.map(({ ticket }) => ticket).filter(isTicket);

/** What could be understood, and what could not. */
function readAll<Wire, Item>(
  wires: readonly Wire[] | null | undefined,
  read: (wire: Wire) => Item | undefined,
): { readonly read: readonly Item[]; readonly left: readonly Wire[] } {
  const items: Item[] = [];
  const left: Wire[] = [];
  for (const wire of wires ?? []) {
    const item = read(wire);
    if (item === undefined) left.push(wire);
    else items.push(item);
  }
  return { read: items, left };
}
