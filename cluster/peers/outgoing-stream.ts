/**
 * One connection to a peer, from its first message to its end. `connecting` until the peer has said who it is, then
 * `open`, then ended: with the connection, by a peer that stands still or talks garbage, or by `end`. It never comes back.
 */
import { type ClientDuplexStream, makeGenericClientConstructor } from "@grpc/grpc-js";
import type { Clock, Log } from "../../actors/index.ts";
import { decodeFrame, encodeHello, encodeItems, type PeerAnswer, type PeerItem } from "../../actors/wire/index.ts";
import { FrameWriter } from "./frame-writer.ts";
import { helloOf, objectionTo } from "./hello.ts";
import { bytesOfItem } from "./item-sizes.ts";
import { OpenTickets } from "./open-tickets.ts";
import { clientCredentials, type PeerCredentials } from "./peer-credentials.ts";
import { BODY_BYTES_MAX, CLIENT_OPTIONS, PEER_SERVICE, type Peer } from "./peer-service.ts";

export interface OutgoingStreamParts {
  /** The node that is meant to be at `address`. */
  readonly node: string;
  /** `host:port`. */
  readonly address: string;
  readonly credentials: PeerCredentials;
  readonly self: Peer;
  readonly clock: Clock;
  readonly log: Log;
  readonly onOpen: (peer: Peer) => void;
  readonly onAnswers: (answers: readonly PeerAnswer[]) => void;
  /** Of requests that the peer owes an answer for longer than anybody waits. */
  readonly onOverdue: (tickets: readonly number[]) => void;
  /** Called once. `unknown`: the peer may have them; `unsent`: they certainly never left. */
  readonly onEnd: (reason: string, unknown: readonly number[], unsent: readonly number[]) => void;
}

/** Requests that may be without an answer. */
export const OPEN_REQUESTS_MAX = 16_384;
/** Bytes that may wait while the peer does not read. */
export const WAITING_BYTES_MAX = 8 * 1024 * 1024;
const HELLO_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 1_000;
/** After a request's deadline: by then its owner has answered, or never will. */
const OVERDUE_AFTER_MS = 5_000;

const PeerClient = makeGenericClientConstructor(PEER_SERVICE, "Peer");

export class OutgoingStream {
  readonly #parts: OutgoingStreamParts;
  readonly #tickets = new OpenTickets(OPEN_REQUESTS_MAX);
  readonly #writer: FrameWriter<PeerItem>;
  readonly #client: InstanceType<typeof PeerClient>;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  #state: "connecting" | "open" | "ended" = "connecting";
  #callOff: () => void;

  /** Connects at once. Throws when the credentials are of no use. */
  constructor(parts: OutgoingStreamParts) {
    this.#parts = parts;
    const { clock, address, node } = parts;
    const { channel, options } = clientCredentials(parts.credentials, node);
    this.#client = new PeerClient(address, channel, { ...CLIENT_OPTIONS, ...options });
    const link = this.#client["Link"] as unknown as () => ClientDuplexStream<Buffer, Buffer>;
    this.#stream = link.call(this.#client);
    this.#writer = new FrameWriter<PeerItem>({
      write: (frame) => this.#write(frame),
      encode: (items) => encodeItems(items, clock.monotonicMs()),
      bytesOf: bytesOfItem,
      leaves: (items) => this.#leaves(items),
      onFault: (error) => this.#fault(error),
    });
    this.#callOff = clock.after(HELLO_WITHIN_MS, () => this.end("the peer did not say who it is in time"));
    this.#stream.on("data", (bytes: Buffer) => {
      try {
        this.#take(bytes);
      } catch (error) {
        this.#fault(error);
      }
    });
    this.#stream.on("drain", () => this.#writer.drained());
    this.#stream.on("error", (error: Error) => this.end(error.message));
    this.#stream.on("end", () => this.end("the peer ended the stream"));
    this.#stream.on("close", () => this.end("the stream closed"));
    this.#write(encodeHello(helloOf(parts.self)));
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }
  get openRequests(): number {
    return this.#tickets.size;
  }

  /** False: it is not taken, and nothing more is heard of it. */
  send(item: PeerItem): boolean {
    if (this.#state !== "open") return false;
    const bytes = bytesOfItem(item);
    if (bytes > BODY_BYTES_MAX || this.#writer.bytes + bytes > WAITING_BYTES_MAX) return false;
    if (item.kind === "request" && isAnswered(item.request) && !this.#tickets.open(item.request.request.ticket))
      return false;
    this.#writer.add(item);
    return true;
  }

  end(reason: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#callOff();
    this.#writer.end();
    this.#stream.cancel();
    this.#client.close();
    const { unknown, unsent } = this.#tickets.takeAll();
    this.#parts.onEnd(reason, unknown, unsent);
  }

  #write(frame: Uint8Array): boolean {
    return this.#stream.write(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));
  }

  #leaves(items: readonly PeerItem[]): void {
    for (const item of items)
      if (item.kind === "request" && isAnswered(item.request))
        this.#tickets.sent(item.request.request.ticket, item.request.deadlineAtMs);
  }

  #take(bytes: Buffer): void {
    if (this.#state === "ended") return;
    const content = decodeFrame(bytes, this.#parts.clock.monotonicMs());
    if (content.kind === "garbage") return this.end(`the peer sent what is no message: ${content.reason}`);
    if (this.#state === "connecting") {
      const objection = objectionTo(content.hello);
      if (objection !== null) return this.end(objection);
      const { node, process } = content.hello as Peer;
      if (node !== this.#parts.node) return this.end(`node ${node} answers where ${this.#parts.node} should be`);
      this.#state = "open";
      this.#callOff();
      this.#look();
      this.#parts.onOpen({ node, process });
    }
    if (content.skipped > 0)
      this.#parts.log.warn(
        { peer: this.#parts.node, skipped: content.skipped },
        "answers that could not be understood",
      );
    const answers = content.answers.filter((answer) => answer.kind === "receipt" || this.#isOwed(answer));
    if (answers.length > 0) this.#parts.onAnswers(answers);
  }

  #isOwed(answer: Exclude<PeerAnswer, { readonly kind: "receipt" }>): boolean {
    return this.#tickets.answered(answer.kind === "reply" ? answer.reply.ticket : answer.ticket);
  }

  #look(): void {
    const { clock, onOverdue } = this.#parts;
    this.#callOff = clock.after(LOOK_EVERY_MS, () => {
      this.#look();
      const overdue = this.#tickets.takeOverdue(clock.monotonicMs() - OVERDUE_AFTER_MS);
      if (overdue.length > 0) onOverdue(overdue);
    });
  }

  /** A fault of ours, or of who takes the answers, must not leave through the stream: it would end the process. */
  #fault(error: unknown): void {
    const reason = error instanceof Error ? error.stack : String(error);
    this.#parts.log.error({ peer: this.#parts.node, reason }, "a fault ends the stream to a peer");
    this.end("a fault on this side");
  }
}

/** Nobody waits for an answer to a count. */
const isAnswered = ({ request }: Extract<PeerItem, { kind: "request" }>["request"]): boolean =>
  request.kind !== "count";
