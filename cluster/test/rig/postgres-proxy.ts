/**
 * A TCP proxy that understands the message boundaries of PostgreSQL's protocol 3, so that a test can act at one exact
 * message (faults.md §8). Framing: the first packet of a client has no type byte; everything else is one type byte and
 * four bytes of length that count themselves. Clients that ask for TLS are not served.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";

export interface Message {
  readonly from: "client" | "server";
  /** `Q`, `P`, `B`, `E`, `C`…; empty for the startup packet. */
  readonly type: string;
  /** SQL of a query or parse, the command tag of a completion, else empty. */
  readonly text: string;
  readonly connection: ProxiedConnection;
}

/** `pass`: on. `cut`: this message and all after it are lost, both sides are reset. `hold`: it waits for `release`, and what follows it with it. */
export type Verdict = "pass" | "cut" | "hold";

/** One client's connection with its server side. */
export class ProxiedConnection {
  readonly client: Socket;
  readonly server: Socket;
  /** Pid of the backend, once it told. */
  backendPid = 0;
  /** SQL by prepared statement name, and the SQL of what is bound now. */
  readonly statements = new Map<string, string>();
  bound = "";
  /** Sends on what a `hold` keeps back. */
  release: () => void = () => {};

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
  }
  /** Has the server send what it has answered so far: between two Syncs it would keep it. */
  flushServer(): void {
    this.server.write(Buffer.from([0x48, 0, 0, 0, 4]));
  }
  /** RST to both sides. */
  reset(): void {
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }
  /** RST to the client only: the server goes on with what it has. */
  resetClient(): void {
    this.client.resetAndDestroy();
  }
}

export class PostgresProxy {
  readonly #server: Server;
  readonly #open = new Set<ProxiedConnection>();
  /** Replaced by a test; called for each message, in order per direction. */
  hook: (message: Message) => Verdict = () => "pass";

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port of loopback and leads to `host:port`. */
  static async start(target: { readonly host: string; readonly port: number }): Promise<PostgresProxy> {
    const server = createServer();
    const proxy = new PostgresProxy(server);
    server.on("connection", (client) => proxy.#accept(client, connect({ ...target, noDelay: true })));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const connection of this.#open) connection.reset();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket, server: Socket): void {
    const connection = new ProxiedConnection(client, server);
    this.#open.add(connection);
    client.setNoDelay(true);
    this.#pump(connection, "client", client, server, true);
    this.#pump(connection, "server", server, client, false);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#open.delete(connection);
        if (one === server) other.destroy();
        else if (!other.destroyed) other.end();
      });
    }
  }

  /** Moves whole messages from one side to the other, asking the hook for each. */
  #pump(connection: ProxiedConnection, from: Message["from"], source: Socket, sink: Socket, starts: boolean): void {
    let pending: Buffer = Buffer.alloc(0);
    let starting = starts;
    let blocked = false;
    const forward = (): void => {
      while (!blocked) {
        const length = frameLength(pending, starting);
        if (length === undefined) return;
        const frame = pending.subarray(0, length);
        pending = pending.subarray(length);
        if (starting) {
          starting = false;
          sink.write(frame);
          continue;
        }
        const verdict = this.hook(describe(connection, from, frame));
        if (verdict === "pass") sink.write(frame);
        else if (verdict === "cut") {
          blocked = true;
          connection.reset();
        } else {
          blocked = true;
          connection.release = () => {
            blocked = false;
            sink.write(frame);
            forward();
          };
        }
      }
    };
    source.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      forward();
    });
  }
}

function frameLength(bytes: Buffer, starting: boolean): number | undefined {
  const header = starting ? 0 : 1;
  if (bytes.length < header + 4) return undefined;
  const length = header + bytes.readInt32BE(header);
  return bytes.length >= length ? length : undefined;
}

/** Reads what a test may want to know, and remembers which SQL a statement name stands for. */
function describe(connection: ProxiedConnection, from: Message["from"], frame: Buffer): Message {
  const type = String.fromCharCode(frame[0] as number);
  const body = frame.subarray(5);
  const cString = (at: number): string => body.toString("utf8", at, body.indexOf(0, at));
  let text = "";
  if (from === "client" && type === "Q") text = cString(0);
  if (from === "client" && type === "P") {
    const name = cString(0);
    text = cString(Buffer.byteLength(name) + 1);
    connection.statements.set(name, text);
  }
  if (from === "client" && type === "B") {
    const portal = cString(0);
    connection.bound = connection.statements.get(cString(Buffer.byteLength(portal) + 1)) ?? "";
    text = connection.bound;
  }
  if (from === "client" && type === "E") text = connection.bound;
  if (from === "server" && type === "C") text = cString(0);
  if (from === "server" && type === "K") connection.backendPid = body.readInt32BE(0);
  return { from, type, text, connection };
}
