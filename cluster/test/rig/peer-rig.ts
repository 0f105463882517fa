/** Servers, links and peer processes of one test file, ended after each test. */
import {
  Client,
  type ChannelCredentials,
  type ClientDuplexStream,
  credentials,
  type ServiceError,
} from "@grpc/grpc-js";
import { once } from "node:events";
import { systemClock } from "../../clock.ts";
import { type PeerServer, type PeerServerParts, startPeerServer } from "../../peers/index.ts";
import { PEER_SERVICE } from "../../peers/peer-service.ts";
import { until } from "./cluster.ts";
import { echo, KeptLog, PeerProcess, WatchedLink } from "./peers.ts";

/** A wait that decides nothing: what is waited for comes, or the test fails. */
export const WITHIN_MS = 20_000;

export class PeerRig {
  /** Of all servers. */
  readonly log = new KeptLog();
  readonly #ends: (() => unknown)[] = [];

  async serve(more: Partial<PeerServerParts> = {}): Promise<PeerServer> {
    const server = await startPeerServer({
      host: "127.0.0.1",
      port: 0,
      credentials: { kind: "insecure" },
      self: { node: "node-2", process: "p2" },
      handler: echo,
      clock: systemClock,
      log: this.log,
      ...more,
    });
    this.#ends.push(() => server.close());
    return server;
  }

  /** A link from node-1 to node-2. */
  connect(...args: ConstructorParameters<typeof WatchedLink>): WatchedLink {
    const watched = new WatchedLink(...args);
    this.#ends.push(() => watched.link.close());
    return watched;
  }
  /** The same, once it is open. */
  async open(...args: ConstructorParameters<typeof WatchedLink>): Promise<WatchedLink> {
    const watched = this.connect(...args);
    await this.opened(watched);
    return watched;
  }
  async spawn(node: string, port = 0): Promise<PeerProcess> {
    const peer = await PeerProcess.start(node, port);
    this.#ends.push(() => peer.kill());
    return peer;
  }
  /** A stream of the peer method that speaks for itself. */
  raw(
    url: string,
    channel: ChannelCredentials = credentials.createInsecure(),
    options: object = {},
  ): ClientDuplexStream<Buffer, Buffer> {
    const client = new Client(url, channel, options);
    this.#ends.push(() => client.close());
    const { path, requestSerialize, responseDeserialize } = PEER_SERVICE.Link;
    return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  }

  opened = (watched: WatchedLink): Promise<void> =>
    until("the link is open", WITHIN_MS, async () => watched.link.state === "open");
  ended = (watched: WatchedLink): Promise<void> =>
    until("every ticket ended", WITHIN_MS, async () => watched.ends.size >= watched.sent);

  async dispose(): Promise<void> {
    for (const end of this.#ends.splice(0).toReversed()) await end(); // links first: a server waits for its clients
  }
}

/** How a stream was refused. */
export async function endOf(stream: ClientDuplexStream<Buffer, Buffer>): Promise<ServiceError> {
  stream.resume();
  const [error] = (await once(stream, "error")) as [ServiceError];
  return error;
}
