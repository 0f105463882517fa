/** A fake shard that knows the sandbox's tokens, for tests that send what the documents show. */
import type { RequestReader, ShardReply, ShardRequest } from "../../actors/index.ts";
import { createDocuments } from "../docs.ts";
import { createPresenter, createRequestReader } from "../index.ts";
import { FakeShard } from "./fake-shard.ts";
import { CURSOR_KEY, startTestServer, type TestServer } from "./rig.ts";
import { READERS } from "./signed-notices.ts";

/** The sandbox's word and the fake shard's. */
const TOKENS: Readonly<Record<string, string>> = {
  tok_decline_insufficient_funds: "tok_decline",
  tok_timeout_charged: "tok_pending",
  tok_timeout_not_charged: "tok_pending",
};

function createSandboxReader(): RequestReader {
  const reader = createRequestReader();
  return {
    readCreatePayment(body, key) {
      const read = reader.readCreatePayment(body, key);
      return "kind" in read ? read : { ...read, paymentMethod: TOKENS[read.paymentMethod] ?? read.paymentMethod };
    },
    readModification: (command, paymentId, body, key) => reader.readModification(command, paymentId, body, key),
    readCreateEndpoint: (body, key) => reader.readCreateEndpoint(body, key),
    readRotateSecret: (endpointId, body) => reader.readRotateSecret(endpointId, body),
    readResendEvent: (endpointId, body) => reader.readResendEvent(endpointId, body),
  };
}

/** What the client is answered in place of the shard's reply. */
export type Between = (request: ShardRequest, reply: ShardReply) => ShardReply;

/** A server with documents, in front of a fake shard that knows the sandbox's tokens. */
export async function startSandboxServer(between: Between = (_, reply) => reply): Promise<TestServer> {
  const shard = new FakeShard(createSandboxReader(), createPresenter({ cursorKey: CURSOR_KEY }));
  const rig: TestServer = await startTestServer({
    documents: (url) => createDocuments({ serverUrl: url, sandboxTokens: null }),
    webhooks: { readers: READERS, deliver: (_, done) => done(true) },
    submit(_shard, request) {
      rig.submitted.push(request);
      setImmediate(() => {
        const reply = shard.decide(request);
        if (reply !== null) rig.server.answer([between(request, reply)]);
      });
    },
  });
  return rig;
}
