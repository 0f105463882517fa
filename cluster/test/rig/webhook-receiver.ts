/** Receivers of webhooks as merchants may have them, well and badly meaning, and a clock that only a test moves. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../../actors/index.ts";
import { RECEIVER_CERTIFICATE, RECEIVER_KEY } from "./receiver-certificate.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
/** Called when the whole request is there. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface ReceiverOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: boolean;
}

/** Counts what reaches it; `connections` also what never becomes a request. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  connections = 0;
  /** Connections that have ended. */
  ended = 0;
  readonly #server: Server;

  private constructor(answer: Answer, tls: boolean) {
    const listen = (request: IncomingMessage, response: ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        this.received.push({ method, path, headers, body: Buffer.concat(chunks) });
        answer(response, request);
      });
    };
    this.#server = tls
      ? createTlsServer({ cert: RECEIVER_CERTIFICATE, key: RECEIVER_KEY }, listen)
      : createServer(listen);
    this.#server.keepAliveTimeout = 0; // it never closes an idle socket: the sender must
    this.#server.on("connection", (socket) => {
      this.connections += 1;
      socket.on("error", () => {}); // the sender resets what it does not want
      socket.on("close", () => (this.ended += 1));
    });
  }

  static async start(answer: Answer, options: ReceiverOptions = {}): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(answer, options.tls === true);
    await new Promise<void>((resolve, reject) => {
      receiver.#server.once("error", reject);
      receiver.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on TCP
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Stands still unless a test moves it. */
export class HandClock implements Clock {
  #nowMs = 0;
  readonly #tasks = new Map<() => void, number>();
  readonly nowMs = (): number => this.#nowMs;
  readonly monotonicMs = (): number => this.#nowMs;
  readonly after = (delayMs: number, task: () => void): (() => void) => {
    this.#tasks.set(task, this.#nowMs + delayMs);
    return () => this.#tasks.delete(task);
  };

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const [task, atMs] of this.#tasks)
      if (atMs <= this.#nowMs) {
        this.#tasks.delete(task);
        task();
      }
  }
}
