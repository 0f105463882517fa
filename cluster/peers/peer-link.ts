/**
 * The way to one peer. `open`: what is sent goes out with this tick's batch. `connecting`: nothing is taken; a new stream
 * is tried after a while, for as long as the link is not closed. What a broken stream leaves behind is told once.
 */
import type { Random } from "../../actors/index.ts";
import type { PeerFact, PeerItem, PeerNotice, PeerRequest } from "../../actors/wire/index.ts";
import { OutgoingStream, type OutgoingStreamParts } from "./outgoing-stream.ts";
import type { Peer } from "./peer-service.ts";

export interface PeerLinkParts extends Omit<OutgoingStreamParts, "onOpen" | "onOverdue" | "onEnd"> {
  readonly random: Random;
  /**
   * Requests that get no answer any more. `unknown`: the peer may have them, so only the same key finds the truth;
   * `unsent`: they certainly never left this process.
   */
  readonly onBroken: (unknown: readonly number[], unsent: readonly number[]) => void;
}
export type LinkState = "open" | "connecting" | "closed";

/** Between two tries; doubled from one to the next. */
const AGAIN_MS = { min: 100, max: 2_000 } as const;
/** A stream that lived as long was well: the next tries begin anew. */
const WELL_AFTER_MS = 2_000;

export class PeerLink {
  readonly #parts: PeerLinkParts;
  #stream: OutgoingStream | undefined;
  #peer: Peer | null = null;
  #openedAtMs = Number.POSITIVE_INFINITY;
  #againMs: number = AGAIN_MS.min;
  #callOff: () => void = () => {};
  #saidReason = "";
  #closed = false;

  constructor(parts: PeerLinkParts) {
    this.#parts = parts;
  }

  /** Begins to connect. Throws when the credentials are of no use. */
  start(): void {
    const { node, address, credentials, self, clock, log, onAnswers, onBroken } = this.#parts;
    const stream: OutgoingStream = new OutgoingStream({
      node,
      address,
      credentials,
      self,
      clock,
      log,
      onAnswers,
      onOpen: (peer) => this.#opened(peer),
      onOverdue: (tickets) => {
        log.warn({ peer: node, count: tickets.length }, "a peer never answered requests");
        onBroken(tickets, []);
      },
      onEnd: (reason, unknown, unsent) => {
        this.#ended(reason, unknown.length + unsent.length);
        if (unknown.length + unsent.length > 0) onBroken(unknown, unsent);
      },
    });
    this.#stream = stream;
  }

  get state(): LinkState {
    if (this.#closed) return "closed";
    return this.#stream?.isOpen === true ? "open" : "connecting";
  }
  /** Who answered last; null: nobody yet. */
  get peer(): Peer | null {
    return this.#peer;
  }
  /** Without an answer yet. */
  get openRequests(): number {
    return this.#stream?.openRequests ?? 0;
  }

  /**
   * Sends a request; it ends once, in `onAnswers` or in `onBroken`; a `count` has no end. Order is kept. False: not
   * taken, for the link is not open, or as much as may be is on its way, or its ticket is.
   */
  sendRequest(request: PeerRequest): boolean {
    return this.#send({ kind: "request", request });
  }
  /** Its receipt comes through `onAnswers`, or never when the stream breaks. False: not taken. */
  sendNotice(notice: PeerNotice): boolean {
    return this.#send({ kind: "notice", notice });
  }
  /** Nobody says whether it arrived. False: not taken. */
  sendFact(fact: PeerFact): boolean {
    return this.#send({ kind: "fact", fact });
  }

  /** For ever. What has no answer yet is told as after a break. */
  close(): void {
    this.#closed = true;
    this.#callOff();
    this.#stream?.end("the link is closed");
  }

  #send(item: PeerItem): boolean {
    return this.#stream?.send(item) ?? false;
  }

  #opened(peer: Peer): void {
    const { log, clock } = this.#parts;
    this.#peer = peer;
    this.#openedAtMs = clock.monotonicMs();
    this.#saidReason = "";
    log.info({ peer: peer.node, process: peer.process }, "the link to a peer is open");
  }

  #ended(reason: string, open: number): void {
    this.#stream = undefined;
    if (this.#closed) return;
    const { node, address, log, clock, random } = this.#parts;
    const livedMs = clock.monotonicMs() - this.#openedAtMs;
    // One line for an outage, not one for each try.
    if (reason !== this.#saidReason) log.warn({ peer: node, address, reason, open }, "there is no link to a peer");
    this.#saidReason = reason;
    this.#openedAtMs = Number.POSITIVE_INFINITY;
    if (livedMs >= WELL_AFTER_MS) this.#againMs = AGAIN_MS.min;
    const afterMs = this.#againMs * (0.5 + random.fraction() / 2);
    this.#againMs = Math.min(AGAIN_MS.max, this.#againMs * 2);
    this.#callOff = clock.after(afterMs, () => this.start());
  }
}
