/**
 * A proxy for HTTP/1.1 that acts at message boundaries (faults.md §8): on connect, after the request's head, on its last
 * byte, before the answer, inside the answer's body, on its last byte. It stores and forwards: a request is passed on
 * piece by piece once it is whole, and so is an answer, so that a hook knows all of it from the first piece on.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { type HttpText, HttpTextReader, withConnectionClose } from "./http-text.ts";

/** In the order in which they come. `connect`: nothing has left for the server yet. */
export type HttpMoment = "connect" | "head" | "requestEnd" | "answer" | "answerBody" | "answerEnd";

/**
 * `pass`: on. `cut`: both sides are reset. `hold`: it waits for `release`, and what follows it with it; an answer that is
 * held when its client goes is dropped.
 */
export type HttpVerdict = "pass" | "cut" | "hold";

/** A request, as it came in whole, and its answer. */
export interface HttpExchange {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Of the answer; 0 before there is one. */
  readonly status: number;
  /** The whole answer has come, or none ever will. */
  readonly done: Promise<void>;
  /** Sends on what a `hold` keeps back, though the client may have gone meanwhile. */
  release(): void;
}

export interface GatewayProxyOptions {
  readonly target: URL;
  /** Each exchange gets a connection of its own, so that `connect` is a boundary of all. */
  readonly closeAfterAnswer: boolean;
}

interface Piece {
  readonly moment: HttpMoment;
  send(): void;
}

export class GatewayProxy {
  readonly #server: Server;
  readonly #open = new Set<Conversation>();
  /** Replaced by a test; called for each piece, in order per exchange. */
  hook: (moment: HttpMoment, exchange: HttpExchange) => HttpVerdict = () => "pass";

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a free port of loopback. */
  static async start(options: GatewayProxyOptions): Promise<GatewayProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new GatewayProxy(server);
    server.on("connection", (client) => {
      const conversation = new Conversation(client, options, (moment, exchange) => proxy.hook(moment, exchange));
      proxy.#open.add(conversation);
      void conversation.ended.then(() => proxy.#open.delete(conversation));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection. */
  resetAll(): void {
    for (const conversation of this.#open) conversation.cut();
  }

  /** Resolves when the client's end of every connection is closed. */
  async allClosed(): Promise<void> {
    await Promise.all([...this.#open].map((conversation) => conversation.clientGone));
  }

  async stop(): Promise<void> {
    this.resetAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** One client's connection: its exchanges one after the other, each with a connection to the server of its own. */
class Conversation {
  readonly clientGone: Promise<void>;
  /** The client is gone, and nothing of it waits to be sent or answered. */
  readonly ended: Promise<void>;
  readonly #client: Socket;
  readonly #options: GatewayProxyOptions;
  readonly #ask: GatewayProxy["hook"];
  readonly #reader = new HttpTextReader("request");
  #current: OneExchange | undefined;

  constructor(client: Socket, options: GatewayProxyOptions, ask: GatewayProxy["hook"]) {
    this.#client = client;
    this.#options = options;
    this.#ask = ask;
    client.on("data", (chunk) => this.#take(this.#reader.push(chunk)));
    client.on("error", () => client.destroy());
    this.clientGone = new Promise((resolve) => client.once("close", () => resolve()));
    this.ended = this.clientGone.then(() => this.#current?.abandoned());
  }

  cut(): void {
    this.#current?.cut();
    this.#client.resetAndDestroy();
  }

  #take(request: HttpText | undefined): void {
    if (request === undefined) return;
    const exchange = new OneExchange(request, this.#client, this.#options, this.#ask);
    this.#current = exchange;
    void exchange.done.then(() => {
      this.#current = undefined;
      this.#take(this.#reader.push(Buffer.alloc(0)));
    });
    exchange.begin();
  }
}

class OneExchange implements HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  status = 0;
  readonly done: Promise<void>;
  readonly #request: HttpText;
  readonly #client: Socket;
  readonly #options: GatewayProxyOptions;
  readonly #ask: GatewayProxy["hook"];
  readonly #queue: Piece[] = [];
  #upstream: Socket | undefined;
  #held = false;
  #isAbandoned = false;
  #finish: () => void = () => {};

  constructor(request: HttpText, client: Socket, options: GatewayProxyOptions, ask: GatewayProxy["hook"]) {
    const [method = "", path = ""] = request.startLine.split(" ");
    this.method = method;
    this.path = path;
    this.headers = request.headers;
    this.body = request.body;
    this.#request = request;
    this.#client = client;
    this.#options = options;
    this.#ask = ask;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  begin(): void {
    const { bytes, bodyAt } = this.#request;
    const headEnd = Math.min(bodyAt, bytes.length - 1); // the last byte waits for its own piece, also of a bare head
    this.#queue.push(
      { moment: "connect", send: () => this.#connect() },
      { moment: "head", send: () => this.#upstream?.write(bytes.subarray(0, headEnd)) },
      { moment: "requestEnd", send: () => this.#upstream?.write(bytes.subarray(headEnd)) },
    );
    this.#run();
  }

  release(): void {
    this.#held = false;
    this.#queue.shift()?.send();
    this.#run();
  }

  /** The client has gone. What left for the server is answered to nobody; what is held may still be released. */
  abandoned(): Promise<void> {
    this.#isAbandoned = true;
    const mayStillSend = this.#held && this.status === 0;
    if (this.status !== 0 || (this.#upstream === undefined && !mayStillSend)) this.#finish();
    return this.done;
  }

  cut(): void {
    this.#upstream?.resetAndDestroy();
    this.#client.resetAndDestroy();
    this.#finish();
  }

  #run(): void {
    for (let piece = this.#queue[0]; piece !== undefined && !this.#held; piece = this.#queue[0]) {
      const verdict = this.#ask(piece.moment, this);
      if (verdict === "cut") return this.cut();
      if (verdict === "hold") this.#held = true;
      else {
        this.#queue.shift();
        piece.send();
      }
    }
  }

  #connect(): void {
    const { hostname, port } = this.#options.target;
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    const reader = new HttpTextReader("answer");
    this.#upstream = upstream;
    upstream.on("data", (chunk) => {
      const answer = reader.push(chunk);
      if (answer !== undefined) this.#answered(answer);
    });
    upstream.on("error", () => upstream.destroy());
    upstream.on("close", () => {
      if (this.status !== 0) return;
      this.#client.resetAndDestroy(); // no answer will come
      this.#finish();
    });
  }

  #answered(answer: HttpText): void {
    this.status = Number(answer.startLine.split(" ")[1]);
    this.#upstream?.end();
    if (this.#isAbandoned) return this.#finish();
    const { bytes, bodyAt } = this.#options.closeAfterAnswer ? withConnectionClose(answer) : answer;
    const headEnd = Math.min(bodyAt, bytes.length - 1);
    const middle = Math.max(headEnd, Math.floor((bodyAt + bytes.length) / 2));
    const write = (from: number, to: number): void => void this.#client.write(bytes.subarray(from, to));
    this.#queue.push(
      { moment: "answer", send: () => write(0, headEnd) },
      { moment: "answerBody", send: () => write(headEnd, middle) },
      {
        moment: "answerEnd",
        send: () => {
          write(middle, bytes.length);
          if (this.#options.closeAfterAnswer) this.#client.end();
          this.#finish();
        },
      },
    );
    this.#run();
  }
}
