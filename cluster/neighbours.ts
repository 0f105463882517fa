/** The other nodes: a link to each that lives, and what comes over it. */
import type { GatewayAnswer, NoticeDelivery } from "../actors/index.ts";
import type { PeerAnswer } from "../actors/wire/index.ts";
import type { ClusterView } from "../storage/index.ts";
import type { ForwardLink } from "./forwarder.ts";
import { type Peer, type PeerCredentials, PeerLink, type PeerLinkParts } from "./peers/index.ts";

export interface NeighboursParts extends Pick<PeerLinkParts, "clock" | "random" | "log"> {
  readonly self: Peer;
  readonly credentials: PeerCredentials;
  /** So long after its head came nobody waits for a request's answer any more. */
  readonly answerWithinMs: number;
  readonly onAnswers: (answers: readonly PeerAnswer[]) => void;
  /** `unknown`: a peer may have them; `unsent`: nobody has. */
  readonly onBroken: (unknown: readonly number[], unsent: readonly number[]) => void;
}

interface Neighbour {
  readonly address: string;
  readonly link: PeerLink;
  readonly way: ForwardLink;
}

export class Neighbours {
  readonly #parts: NeighboursParts;
  readonly #neighbours = new Map<string, Neighbour>();
  #isClosed = false;

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
  }

  /** To be called with each new view: links to nodes that came or moved are made, those to nodes that left are closed. */
  look({ nodes }: Pick<ClusterView, "nodes">): void {
    if (this.#isClosed) return;
    const present = new Map(
      nodes
        .filter(
          ({ name, process, peerAddress }) => name !== this.#parts.self.node && process !== "" && peerAddress !== "",
        )
        .map(({ name, peerAddress }) => [name, peerAddress]),
    );
    for (const [node, { address, link }] of this.#neighbours)
      if (present.get(node) !== address) {
        this.#neighbours.delete(node);
        link.close();
      }
    for (const [node, address] of present) if (!this.#neighbours.has(node)) this.#meet(node, address);
  }

  /** Undefined: no way there is open. */
  linkTo(node: string): ForwardLink | undefined {
    const neighbour = this.#neighbours.get(node);
    return neighbour?.link.state === "open" ? neighbour.way : undefined;
  }

  /** False: it did not leave. */
  sendNotice(node: string, shard: number, generation: bigint, delivery: NoticeDelivery): boolean {
    return this.#neighbours.get(node)?.link.sendNotice({ shard, generation, delivery }) ?? false;
  }

  /** Nobody says whether it arrived. */
  sendFact(node: string, shard: number, generation: bigint, answer: GatewayAnswer): void {
    this.#neighbours.get(node)?.link.sendFact({ shard, generation, answer });
  }

  /** What has no answer yet is told as lost. */
  close(): void {
    this.#isClosed = true;
    for (const { link } of this.#neighbours.values()) link.close();
    this.#neighbours.clear();
  }

  #meet(node: string, address: string): void {
    const { answerWithinMs, ...shared } = this.#parts;
    const link = new PeerLink({ ...shared, node, address });
    const way: ForwardLink = {
      sendRequest: ({ shard, request }, generation) =>
        link.sendRequest({
          shard,
          generation,
          hops: 0,
          deadlineAtMs: request.receivedAtMs + answerWithinMs,
          request,
        }),
    };
    this.#neighbours.set(node, { address, link, way });
    link.start();
  }
}
