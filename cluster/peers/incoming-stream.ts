/** One peer's stream to this node: `named` once it has said who it is, until it ends. Answers to an ended one are dropped. */
import { type ServerDuplexStream, status } from "@grpc/grpc-js";
import type { Clock, Log, ShardReply } from "../../actors/index.ts";
import {
  decodeFrame,
  encodeAnswers,
  encodeHello,
  type FrameContent,
  type PeerAnswer,
  type PeerFact,
  type PeerNotice,
  type PeerRequest,
} from "../../actors/wire/index.ts";
import { FrameWriter } from "./frame-writer.ts";
import { helloOf, objectionTo } from "./hello.ts";
import { bytesOfAnswer } from "./item-sizes.ts";
import { mayBe, type PeerCredentials } from "./peer-credentials.ts";
import { BODY_BYTES_MAX, type Peer } from "./peer-service.ts";

/** Takes what peers send. It must answer each request once, and each notice; later answers than the first are ignored there. */
export interface PeerHandler {
  /** In the order in which they were sent. `answer` may be called at any time, also after the stream ended. */
  onRequests(from: Peer, items: readonly PeerRequest[], answer: (item: PeerAnswer) => void): void;
  onNotices(from: Peer, items: readonly PeerNotice[], answer: (item: PeerAnswer) => void): void;
  onFacts(from: Peer, items: readonly PeerFact[]): void;
}

export interface IncomingStreamParts {
  readonly call: ServerDuplexStream<Buffer, Buffer>;
  readonly credentials: PeerCredentials;
  readonly self: Peer;
  readonly handler: PeerHandler;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEnd: () => void;
}

/** Answers that may wait for a peer that does not read: then it is cut off, and asks anew. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const HELLO_WITHIN_MS = 3_000;

export class IncomingStream {
  readonly #parts: IncomingStreamParts;
  readonly #writer: FrameWriter<PeerAnswer>;
  readonly #callOff: () => void;
  readonly #answer = (answer: PeerAnswer): void => this.#give(answer);
  #peer: Peer | undefined;
  #ended = false;

  constructor(parts: IncomingStreamParts) {
    this.#parts = parts;
    const { call, clock } = parts;
    this.#writer = new FrameWriter<PeerAnswer>({
      write: (frame) => this.#write(frame),
      encode: encodeAnswers,
      bytesOf: bytesOfAnswer,
      onFault: (error) => this.#fault(error),
    });
    this.#callOff = clock.after(HELLO_WITHIN_MS, () => this.#refuse(status.DEADLINE_EXCEEDED, "no hello in time"));
    call.on("data", (bytes: Buffer) => {
      try {
        this.#take(bytes);
      } catch (error) {
        this.#fault(error);
      }
    });
    call.on("drain", () => this.#writer.drained());
    call.on("end", () => this.finish());
    for (const event of ["cancelled", "error", "close"]) call.on(event, () => this.#end());
  }

  /** Gives the answers that wait, then ends the stream. */
  finish(): void {
    if (this.#ended) return;
    this.#writer.finish(() => {
      this.#end();
      this.#parts.call.end();
    });
  }

  #write(frame: Uint8Array): boolean {
    return this.#parts.call.write(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
  }

  #take(bytes: Buffer): void {
    if (this.#ended) return;
    const content = decodeFrame(bytes, this.#parts.clock.monotonicMs());
    if (content.kind === "garbage") {
      this.#refuse(status.INVALID_ARGUMENT, `no message: ${content.reason}`);
      return;
    }
    if (this.#peer === undefined) {
      const peer = this.#meet(content);
      if (peer === undefined) return;
      this.#peer = peer;
    }
    this.#hand(this.#peer, content);
  }

  /** Checks who it is and says who we are; undefined: it is refused. */
  #meet({ hello }: FrameContent): Peer | undefined {
    const { call, credentials, self } = this.#parts;
    this.#callOff();
    const objection = objectionTo(hello);
    if (objection !== null) return this.#refuse(status.FAILED_PRECONDITION, objection);
    const { node, process } = hello as Peer;
    if (!mayBe(credentials, call, node))
      return this.#refuse(status.UNAUTHENTICATED, `its certificate does not name the node ${node}`);
    this.#write(encodeHello(helloOf(self)));
    return { node, process };
  }

  #hand(from: Peer, content: FrameContent): void {
    const { handler, log } = this.#parts;
    const { requests, notices, facts, unsupportedRequests, unsupportedNotices, skipped } = content;
    for (const ticket of unsupportedRequests)
      this.#give({ kind: "refused", ticket, reason: "unsupported", generation: 0n });
    for (const ticket of unsupportedNotices) this.#give({ kind: "receipt", receipt: { ticket, taken: false } });
    const odd = unsupportedRequests.length + unsupportedNotices.length + skipped;
    if (odd > 0) log.warn({ peer: from.node, count: odd }, "a peer sent what could not be understood");
    if (requests.length > 0) handler.onRequests(from, requests, this.#answer);
    if (notices.length > 0) handler.onNotices(from, notices, this.#answer);
    if (facts.length > 0) handler.onFacts(from, facts);
  }

  #give(answer: PeerAnswer): void {
    if (this.#ended) return;
    const fits = answer.kind !== "reply" || answer.reply.body.length <= BODY_BYTES_MAX;
    this.#writer.add(fits ? answer : { kind: "reply", reply: unsaid(answer.reply) });
    if (this.#writer.bytes > WAITING_BYTES_MAX) this.#refuse(status.RESOURCE_EXHAUSTED, "the peer does not read");
  }

  #refuse(code: status, details: string): undefined {
    if (this.#ended) return;
    const { call, log } = this.#parts;
    log.warn({ peer: this.#peer?.node ?? call.getPeer(), reason: details }, "the stream of a peer is refused");
    this.#end();
    call.emit("error", { code, details, name: "refused", message: details });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#callOff();
    this.#writer.end();
    this.#parts.onEnd();
  }

  /** A fault of ours, or of the handler's, must not leave through the stream: it would end the process. */
  #fault(error: unknown): void {
    const reason = error instanceof Error ? error.stack : String(error);
    this.#parts.log.error({ peer: this.#peer?.node, reason }, "a fault ends the stream of a peer");
    this.#refuse(status.INTERNAL, "a fault on this side");
  }
}

/** No message holds it: its client's connection is closed without an answer, so that a status claims nothing. */
const unsaid = (reply: ShardReply): ShardReply => ({ ...reply, status: 0, body: new Uint8Array(0), final: false });
