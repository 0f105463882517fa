/** A request that reached a simulator, and what it answers. */
import type { IncomingMessage } from "node:http";

export interface SimulatedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark; "" when there is none. */
  readonly query: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** `hang`: the client never gets an answer. `pace`: a byte of the body each second, or its headers and nothing more. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  readonly hang?: boolean;
  readonly pace?: "drip" | "headersOnly";
  readonly replayed?: boolean;
  readonly headers?: readonly string[];
}

export const jsonAnswer = (status: number, body: object, headers: readonly string[] = []): Answer => ({
  status,
  body: JSON.stringify(body),
  contentType: "application/json",
  headers,
});
export const textAnswer = (status: number, contentType: string, body: string): Answer => ({
  status,
  body,
  contentType,
});
export const HANG: Answer = { status: 0, body: "", contentType: "", hang: true };
