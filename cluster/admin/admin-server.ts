/** The admin service of a node: unary gRPC on a port of its own that is never public. JSON bytes in, JSON bytes out. */
import * as grpc from "@grpc/grpc-js";
import type { Log } from "../../actors/index.ts";
import { type Asker, ASKER_WAITS_MAX_MS } from "./asker.ts";
import { ASK } from "./admin-method.ts";
import type { AdminDesk } from "./admin-desk.ts";
import { ANSWER_MAX_BYTES, encodeJson, QUESTION_MAX_BYTES, refused } from "./question.ts";

export interface AdminServer {
  readonly port: number;
  /** `host:port`, as clients take it. */
  readonly address: string;
  /** Lets answers that are under way finish for a moment, then ends. */
  close(): Promise<void>;
}

const CLOSE_WITHIN_MS = 1_000;

/** Starts the service. Rejects when the port is taken. */
export async function startAdminServer(options: {
  readonly host: string;
  readonly port: number;
  readonly desk: Pick<AdminDesk, "answer">;
  readonly log: Log;
}): Promise<AdminServer> {
  const { host, desk, log } = options;
  const server = new grpc.Server({
    "grpc.max_receive_message_length": QUESTION_MAX_BYTES,
    "grpc.max_send_message_length": ANSWER_MAX_BYTES,
  });
  const answer = async (call: grpc.ServerUnaryCall<Buffer, Buffer>): Promise<Buffer> => {
    const [authorization] = call.metadata.get("authorization");
    const bytes = encodeJson(await desk.answer(call.request, authorization?.toString(), askerOf(call)));
    if (bytes.length <= ANSWER_MAX_BYTES) return bytes;
    log.error({ bytes: bytes.length }, "an answer to an operator is too long");
    return encodeJson(refused("other", "the answer is too long"));
  };
  const serve = async (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: Done): Promise<void> =>
    done(null, await answer(call)); // never rejects: the desk does not
  server.addService(
    { Ask: ASK },
    { Ask: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: Done) => void serve(call, done) },
  );
  const name = host.includes(":") ? `[${host}]` : host;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${name}:${options.port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, address: `${name}:${port}`, close: () => close(server) };
}

/** The time that is left comes with the call. */
const askerOf = (call: grpc.ServerUnaryCall<Buffer, Buffer>): Asker => ({
  leftMs: () => (call.cancelled ? 0 : Math.min(Number(call.getDeadline()) - Date.now(), ASKER_WAITS_MAX_MS)),
});

type Done = grpc.sendUnaryData<Buffer>;

async function close(server: grpc.Server): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_WITHIN_MS);
    server.tryShutdown(() => resolve());
  });
  clearTimeout(timer);
  server.forceShutdown();
}
