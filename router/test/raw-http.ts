/** A client that sends exactly the bytes it is given and reads one answer after another from one connection. */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (part: Buffer) => {
      this.#received = Buffer.concat([this.#received, part]);
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("close", end);
    socket.on("error", end);
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The next final answer, or null when the connection ended without one. Interim answers (1xx) are skipped. */
  async read(withoutBody = false): Promise<RawAnswer | null> {
    while (true) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd >= 0) {
        const [statusLine = "", ...lines] = this.#received.toString("latin1", 0, headEnd).split("\r\n");
        const headers = new Map(
          lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
        );
        const status = Number(statusLine.split(" ")[1]);
        const declared = headers.get("content-length");
        const length =
          withoutBody || status < 200 || status === 204 ? 0 : declared === undefined ? null : Number(declared);
        const start = headEnd + 4;
        const whole = length === null ? this.#ended : this.#received.length >= start + length;
        if (whole) {
          const stop = length === null ? this.#received.length : start + length;
          const body = this.#received.subarray(start, stop);
          this.#received = this.#received.subarray(stop);
          if (status >= 200) return { status, headers, body };
          continue;
        }
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<void> {
    while (!this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** One request on a connection of its own. */
export async function exchange(
  port: number,
  bytes: string | Uint8Array,
  withoutBody = false,
): Promise<RawAnswer | null> {
  const client = await RawClient.connect(port);
  try {
    client.send(bytes);
    return await client.read(withoutBody);
  } finally {
    client.close();
  }
}
