/** Asks a node's admin service: for `payctl`, and for a node that hands a question on. */
import type { Client, Metadata, ServiceError } from "@grpc/grpc-js";
import { ASK } from "./admin-method.ts";
import {
  type AdminAnswer,
  type AdminExit,
  type AdminQuestion,
  ANSWER_MAX_BYTES,
  decodeAnswer,
  encodeJson,
  refused,
} from "./question.ts";

/**
 * `reached` false: nobody answers there, so that another node may be asked instead. One that took the question and says
 * nothing may be frozen, and may do it later: every change may be asked for twice, the second finds that it is so already.
 */
export interface Asked {
  readonly answer: AdminAnswer;
  readonly reached: boolean;
}

export interface AdminClient {
  /** Never rejects. `deadlineMs`: for the answer, from now. */
  ask(question: AdminQuestion, deadlineMs: number): Promise<Asked>;
  close(): void;
}

/** gRPC's status (its numbers are frozen by its specification): what it means here, and whether anybody was reached. */
const FAILURES: ReadonlyMap<number, readonly [exit: AdminExit, words: string, reached: boolean]> = new Map([
  [1, ["other", "ended the call", true]],
  [4, ["timeOut", "did not answer in time", false]],
  [8, ["usage", "finds the question too long", true]],
  [12, ["other", "is no admin service of a node", true]],
  [14, ["other", "does not take connections", false]],
]);

/** Opens a client for `host:port`. The package is loaded now: commands that ask nobody do not wait for it. */
export async function openAdminClient(address: string, token: string): Promise<AdminClient> {
  const grpc = await import("@grpc/grpc-js");
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), {
    "grpc.max_receive_message_length": ANSWER_MAX_BYTES + 1_024,
    "grpc.initial_reconnect_backoff_ms": 200, // a person watches
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.enable_http_proxy": 0, // the token goes to this address and nowhere else
  });
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  return {
    ask: (question, deadlineMs) => askOnce(client, metadata, address, question, deadlineMs),
    close: () => client.close(),
  };
}

function askOnce(
  client: Client,
  metadata: Metadata,
  address: string,
  question: AdminQuestion,
  deadlineMs: number,
): Promise<Asked> {
  return new Promise((resolve) => {
    client.makeUnaryRequest<Buffer, Buffer>(
      ASK.path,
      ASK.requestSerialize,
      ASK.responseDeserialize,
      encodeJson(question),
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, bytes) => resolve(error === null ? answered(bytes) : failed(error, address)),
    );
  });
}

const answered = (bytes: Buffer | undefined): Asked => ({
  answer: decodeAnswer(bytes ?? Buffer.alloc(0)),
  reached: true,
});

function failed({ code, details }: ServiceError, address: string): Asked {
  const [exit, words, reached] = FAILURES.get(code) ?? ["other", `failed: ${details}`, true];
  return { answer: refused(exit, `${address} ${words}`), reached };
}
