/** The HTTP side of a simulator: node:http with keep-alive, whole bodies up to 64 kB, and answers that may never come. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Answer, jsonAnswer, type SimulatedRequest } from "./exchange.ts";
import { RequestLog } from "./request-log.ts";

export interface FrontOptions {
  readonly port: number;
  /** Added to every answer. */
  readonly latencyMs: number;
  readonly handle: (request: SimulatedRequest) => Promise<Answer>;
  /** Header that tells the client that an answer is a stored one; null: none. */
  readonly replayHeader: string | null;
  /** An answer when a request could not be handled: the disk is full. */
  readonly failed: Answer;
}

const BODY_BYTES_MAX = 65_536;
const LOG_PATH = "/_sandbox/requests";

export class HttpFront {
  readonly #server: Server;
  readonly #options: FrontOptions;
  readonly #log = new RequestLog();

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#server = createServer({ keepAlive: true }, (request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 0; // a socket that we close under a client's request would look like a lost answer
    this.#server.requestTimeout = 0;
  }

  /** Resolves with the URL. Throws when the port is taken. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, "127.0.0.1", resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the simulator has no port");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Cuts every connection; answers that were still to come never do. */
  async stop(): Promise<void> {
    await new Promise((done) => {
      this.#server.close(done);
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const [path, query] = mark === -1 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
    const body = await readBody(request);
    if (body === undefined) {
      response.destroy();
      return;
    }
    if (path === LOG_PATH) {
      this.#send(response, jsonAnswer(200, this.#log.report()));
      return;
    }
    const simulated = { method: request.method ?? "GET", path, query, headers: request.headers, body };
    const answer = await this.#options.handle(simulated).catch((error: unknown) => {
      console.error(`gateway simulator: ${request.method} ${path}: ${String(error)}`);
      return this.#options.failed;
    });
    this.#log.note(simulated, answer);
    if (answer.hang === true) return;
    if (this.#options.latencyMs > 0) setTimeout(() => this.#send(response, answer), this.#options.latencyMs);
    else this.#send(response, answer);
  }

  #send(response: ServerResponse, answer: Answer): void {
    const { replayHeader } = this.#options;
    const fields = ["Content-Type", answer.contentType, "Content-Length", String(Buffer.byteLength(answer.body))];
    if (answer.replayed === true && replayHeader !== null) fields.push(replayHeader, "true");
    if (answer.headers !== undefined) fields.push(...answer.headers);
    response.writeHead(answer.status, fields);
    response.end(answer.body);
  }
}

/** The whole body, or undefined when it is too long or the client has gone. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > BODY_BYTES_MAX) resolve(undefined);
    });
    request.on("end", () => resolve(text));
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined)); // after `end` this changes nothing
  });
}
