/** Listens for peers: one stream of each, with requests, notices and facts in, and answers out. */
import { Server, type ServerDuplexStream } from "@grpc/grpc-js";
import { type IncomingStreamParts, IncomingStream } from "./incoming-stream.ts";
import { serverCredentials } from "./peer-credentials.ts";
import { CHANNEL_OPTIONS, PEER_SERVICE } from "./peer-service.ts";

export interface PeerServerParts extends Omit<IncomingStreamParts, "call" | "onEnd"> {
  /** A name or an address; IPv6 in brackets. */
  readonly host: string;
  /** 0: any. */
  readonly port: number;
}
export interface PeerServer {
  /** `host:port`, as a link takes it. */
  readonly url: string;
  /** Gives the answers that wait, then ends all streams; at most a second. */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 1_000;

/** Rejects when the port is taken, or the credentials are of no use. */
export async function startPeerServer(parts: PeerServerParts): Promise<PeerServer> {
  const { host, port, ...shared } = parts;
  const credentials = serverCredentials(parts.credentials);
  const server = new Server(CHANNEL_OPTIONS);
  const streams = new Set<IncomingStream>();
  let closing = false;
  server.addService(PEER_SERVICE, {
    Link: (call: ServerDuplexStream<Buffer, Buffer>) => {
      const stream: IncomingStream = new IncomingStream({ ...shared, call, onEnd: () => streams.delete(stream) });
      streams.add(stream);
      if (closing) stream.finish();
    },
  });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${port}`, credentials, (error, at) => (error === null ? resolve(at) : reject(error))),
  );
  return {
    url: `${host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        closing = true;
        const callOff = parts.clock.after(CLOSE_WITHIN_MS, () => server.forceShutdown());
        for (const stream of streams) stream.finish();
        server.tryShutdown(() => {
          callOff();
          resolve();
        });
      }),
  };
}
