/** A server like a frozen process: it takes connections and says nothing. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

export interface SilentServer {
  /** `host:port`. */
  readonly address: string;
  /** Connections that were taken, and those of them that still stand. */
  readonly taken: () => number;
  readonly standing: () => number;
  close(): Promise<void>;
}

/** `welcome`: what it still says to whoever says something first. */
export async function startSilentServer(welcome?: Uint8Array): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  let taken = 0;
  const server = createServer((socket) => {
    taken++;
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    socket.resume(); // a reader that hears the end of the connection
    if (welcome !== undefined) socket.once("data", () => socket.write(welcome));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: () => taken,
    standing: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
