/**
 * Free ports of the loopback interface. A port is found some seconds before its server binds it, so it is reserved
 * meanwhile: a socket in the abstract namespace that carries its number, which the system removes when we end.
 */
import { createServer, type ListenOptions, type Server } from "node:net";

export interface ReservedPort {
  readonly port: number;
  /** Lets other sandboxes have it. Harmless when called again. */
  release(): void;
}

/** The preferred port when it is free, else one that the system picks. 0 asks for any. */
export async function reservePort(preferred: number): Promise<ReservedPort> {
  const first = preferred === 0 ? undefined : await tryPort(preferred);
  if (first !== undefined) return first;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = await tryPort(0);
    if (port !== undefined) return port;
  }
  throw new Error("no free port on 127.0.0.1");
}

/** The first free port from `first` on when one of a hundred is, else one that the system picks. 0 asks for any. */
export async function reservePortFrom(first: number): Promise<ReservedPort> {
  const last = first === 0 ? -1 : Math.min(first + 99, 65_535);
  for (let port = first; port <= last; port++) {
    const found = await tryPort(port);
    if (found !== undefined) return found;
  }
  return reservePort(0);
}

/** Binds a port for a moment and keeps its mark; undefined when somebody else has either. */
async function tryPort(wanted: number): Promise<ReservedPort | undefined> {
  const probe = await listen({ port: wanted, host: "127.0.0.1", exclusive: true });
  if (probe === undefined) return undefined;
  const address = probe.address();
  const port = typeof address === "object" && address !== null ? address.port : wanted;
  await new Promise((done) => probe.close(done));
  const mark = await listen({ path: `\0payment-cluster-port-${port}` });
  if (mark === undefined) return undefined;
  mark.unref();
  return { port, release: () => void mark.close() };
}

function listen(options: ListenOptions): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", () => resolve(undefined));
    server.listen(options, () => resolve(server));
  });
}
