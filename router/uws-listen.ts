/**
 * Opens a listener of uWebSockets.js. The package is loaded here and when first used: shard threads import this room
 * too, and the library crashes Node in worker threads.
 */
import type { HttpRequest, HttpResponse, TemplatedApp } from "uWebSockets.js";

export interface Listener {
  readonly port: number;
  /** Takes no new connections; those that are open stay. */
  stopListening(): void;
  /** Ends every connection at once. */
  close(): void;
}

/** The library takes options after host and port; its types know only the form without a host. */
type ListenOnHost = (host: string, port: number, options: number, done: (socket: ListenSocket | false) => void) => void;
type ListenSocket = Parameters<Parameters<TemplatedApp["listen"]>[2]>[0];

/** Never share the port: a second process would silently get half of the connections. */
const EXCLUSIVE_PORT = 1;

/**
 * Listens. `port`: 0 chooses a free one. `onRequest` runs for every request of any method and path.
 * Rejects when the port is taken or not ours to take.
 */
export async function listen(
  host: string,
  port: number,
  onRequest: (response: HttpResponse, request: HttpRequest) => void,
): Promise<Listener> {
  const uws = await import("uWebSockets.js");
  const app = uws.App();
  app.any("/*", onRequest);
  const socket = await new Promise<ListenSocket | false>((resolve) => {
    (app.listen as unknown as ListenOnHost).call(app, host, port, EXCLUSIVE_PORT, resolve);
  });
  if (socket === false) throw new Error(`cannot listen on ${host}:${port}`);
  let listening = true;
  return {
    port: uws.us_socket_local_port(socket),
    stopListening() {
      if (listening) uws.us_listen_socket_close(socket);
      listening = false;
    },
    close() {
      listening = false;
      app.close();
    },
  };
}
