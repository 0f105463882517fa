import { expect } from "chai";
import type { Clock } from "../ports/world.ts";
import {
  createHttpTransport,
  type HttpAnswer,
  readJsonObject,
  retryAfterMs,
  TransportError,
} from "./http-transport.ts";

const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };

describe("HTTP transport", () => {
  const keys: ReadonlyArray<readonly [name: string, headers: Record<string, string>]> = [
    ["no key", {}],
    ["an empty key", { "Idempotency-Key": "" }],
    ["a key that the SDK invented", { "Idempotency-Key": "stripe-node-retry-5c0b6a54-6f0c-4d0e-9a55-0d6f0a1b2c3d" }],
    ["a key under another name", { "X-Idempotency-Key": "5c0b6a54-6f0c-5d0e-9a55-0d6f0a1b2c3d" }],
  ];
  for (const [name, headers] of keys)
    it(`sends no POST with ${name}`, async () => {
      const transport = createHttpTransport({ origin: "http://127.0.0.1:9", clock });
      const error = await transport
        .send({ method: "POST", path: "/", headers, body: "", timeoutMs: 1 })
        .catch((reason: unknown) => reason);
      await transport.close();
      expect(error).to.be.instanceOf(TransportError);
      expect(error).to.include({ code: "idempotency_key_missing", sent: false });
    });

  const KEY = { "Idempotency-Key": "5c0b6a54-6f0c-5d0e-9a55-0d6f0a1b2c3d" };
  const post = { method: "POST", path: "/", headers: KEY, body: "", timeoutMs: 1_000 } as const;
  const faultOf = (sent: Promise<unknown>): Promise<unknown> =>
    sent.then(
      () => "answered",
      (error: TransportError) => `${error.code}, sent: ${error.sent}`,
    );

  it("refuses at once what is beyond the end of its line, and sends none of it", async () => {
    const transport = createHttpTransport({ origin: "http://127.0.0.1:9", clock, connectionsMax: 1, waitingMax: 1 });
    const ends = [1, 2, 3].map(() => faultOf(transport.send(post)));
    const first = await Promise.race(ends);
    expect(first).to.equal("client_queue_full, sent: false");
    expect(await Promise.all(ends)).to.deep.equal([
      "connection_failed, sent: false",
      "connection_failed, sent: false",
      "client_queue_full, sent: false",
    ]);
    await transport.close();
  });

  it("ends what waits when it is closed", async () => {
    const transport = createHttpTransport({ origin: "http://127.0.0.1:9", clock, connectionsMax: 1 });
    const ends = [1, 2].map(() => faultOf(transport.send(post)));
    await transport.close();
    expect((await Promise.all(ends))[1]).to.equal("closed, sent: false");
    expect(await faultOf(transport.send(post))).to.match(/, sent: false$/);
  });

  it("has no error code on which the Stripe SDK would send again", () => {
    for (const code of ["timeout", "connection_lost", "connection_failed"] as const)
      expect(["ECONNRESET", "EPIPE"]).to.not.include(new TransportError(code, true).code);
  });

  const answer = (text: string, type: string | undefined = "application/json; charset=utf-8"): HttpAnswer => ({
    status: 200,
    headers: { "content-type": type },
    text,
  });
  it("reads a JSON object and nothing else", () => {
    expect(readJsonObject(answer('{"a":1}'))).to.deep.equal({ a: 1 });
    for (const text of ["", "null", "[]", "1", '{"a":', "<html>"])
      expect(readJsonObject(answer(text))).to.equal(undefined);
    expect(readJsonObject(answer("{}", "text/html"))).to.equal(undefined);
    expect(readJsonObject({ status: 200, headers: {}, text: "{}" })).to.equal(undefined);
  });

  it("reads Retry-After in seconds only", () => {
    expect(retryAfterMs({ "retry-after": "2" })).to.equal(2000);
    for (const value of [undefined, "", "-1", "Wed, 21 Oct 2026 07:28:00 GMT", "999999999"])
      expect(retryAfterMs({ "retry-after": value })).to.equal(null);
  });
});
