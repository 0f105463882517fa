/** The HTTP side of a simulator: node:http with keep-alive, whole bodies up to 64 kB, and answers that may never come. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Answer, jsonAnswer, type SimulatedRequest } from "./exchange.ts";
import type { FrontMode } from "./front-mode.ts";
import { RequestLog } from "./request-log.ts";

export interface FrontOptions {
  readonly port: number;
  /** What the whole front does wrong at times. */
  readonly mode: FrontMode;
  /** Serves `/_control`, also while the front is dark; undefined: no such path. */
  readonly control: (request: SimulatedRequest) => Promise<Answer | undefined>;
  readonly handle: (request: SimulatedRequest) => Promise<Answer>;
  /** Header that tells the client that an answer is a stored one; null: none. */
  readonly replayHeader: string | null;
  /** An answer when a request could not be handled: the disk is full. */
  readonly failed: Answer;
}

const BODY_BYTES_MAX = 65_536;
const LOG_PATH = "/_sandbox/requests";
const CONTROL_PATH = "/_control/";
/** Of an answer that comes byte by byte. */
const DRIP_MS = 1_000;
const LISTEN_AGAIN_MS = 50;

export class HttpFront {
  readonly #server: Server;
  readonly #options: FrontOptions;
  readonly #log = new RequestLog();
  #port = 0;
  #isStopped = false;
  #dawn: NodeJS.Timeout | undefined;
  #return: NodeJS.Timeout | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#server = createServer({ keepAlive: true }, (request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 0; // a socket that we close under a client's request would look like a lost answer
    this.#server.requestTimeout = 0;
  }

  /** Resolves with the URL. Throws when the port is taken. */
  async start(): Promise<string> {
    await this.#listen(this.#options.port);
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the simulator has no port");
    this.#port = address.port;
    return `http://127.0.0.1:${address.port}`;
  }

  /** Cuts every connection; answers that were still to come never do. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#dawn);
    clearTimeout(this.#return);
    await this.#unlisten();
  }

  /** Swallows what comes, then cuts every connection; `/_control` goes on. */
  goDark(seconds: number): void {
    this.#options.mode.set("darkSeconds", seconds);
    clearTimeout(this.#dawn);
    this.#dawn = setTimeout(() => this.#server.closeAllConnections(), seconds * 1_000).unref();
  }

  /** Cuts every connection and refuses new ones, `/_control` with them. */
  async refuse(seconds: number): Promise<void> {
    this.#options.mode.set("refuseSeconds", seconds);
    await this.#unlisten();
    clearTimeout(this.#return);
    this.#return = setTimeout(() => void this.#listenAgain(), seconds * 1_000).unref();
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        this.#server.removeListener("error", reject);
        resolve();
      });
    });
  }
  async #unlisten(): Promise<void> {
    await new Promise((done) => {
      this.#server.close(done);
      this.#server.closeAllConnections();
    });
  }
  /** Somebody else may have the port for a moment. */
  async #listenAgain(): Promise<void> {
    while (!this.#isStopped && !this.#server.listening) {
      await this.#listen(this.#port).catch(() => new Promise((done) => setTimeout(done, LISTEN_AGAIN_MS)));
      if (this.#isStopped) await this.#unlisten();
    }
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
    if (path.startsWith(CONTROL_PATH)) {
      this.#send(response, (await this.#options.control(simulated)) ?? jsonAnswer(404, { error: "no such path" }));
      return;
    }
    const { mode } = this.#options;
    if (mode.is("darkSeconds")) return;
    const answer = mode.answerTo(simulated) ?? (await this.#handle(simulated));
    this.#log.note(simulated, answer);
    if (answer.hang === true) return;
    if (mode.latencyMs > 0) setTimeout(() => this.#answer(response, answer), mode.latencyMs);
    else this.#answer(response, answer);
  }

  #handle(request: SimulatedRequest): Promise<Answer> {
    return this.#options.handle(request).catch((error: unknown) => {
      console.error(`gateway simulator: ${request.method} ${request.path}: ${String(error)}`);
      return this.#options.failed;
    });
  }

  #answer(response: ServerResponse, answer: Answer): void {
    if (!this.#options.mode.is("darkSeconds")) this.#send(response, answer);
  }

  #send(response: ServerResponse, answer: Answer): void {
    const { replayHeader } = this.#options;
    const fields = ["Content-Type", answer.contentType, "Content-Length", String(Buffer.byteLength(answer.body))];
    if (answer.replayed === true && replayHeader !== null) fields.push(replayHeader, "true");
    if (answer.headers !== undefined) fields.push(...answer.headers);
    response.writeHead(answer.status, fields);
    if (answer.pace === undefined) response.end(answer.body);
    else response.flushHeaders();
    if (answer.pace === "drip") drip(response, answer.body);
  }
}

/** One byte a second, until the client has gone. */
function drip(response: ServerResponse, body: string): void {
  const bytes = Buffer.from(body);
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < bytes.length) response.write(bytes.subarray(sent, ++sent));
    else response.end();
  }, DRIP_MS);
  response.on("close", () => clearInterval(timer));
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
