/**
 * A server that only answers: what a request costs the generator by itself. It waits like the gateway, then replies
 * with a body of a payment's size. `node ops/bench/stub.ts [port] [delayMs]`; prints its port when it listens.
 */
import * as uWS from "uWebSockets.js";

const port = Number(process.argv[2] ?? 0);
const delayMs = Number(process.argv[3] ?? 50);
const BODY = JSON.stringify({ id: "pay_01h", object: "payment", filler: "x".repeat(800) });

const waiting: { readonly dueMs: number; readonly reply: () => void }[] = [];
const release = (): void => {
  const nowMs = performance.now();
  while (waiting[0] !== undefined && waiting[0].dueMs <= nowMs) waiting.shift()?.reply();
};
setInterval(release, 2);

uWS
  .App()
  .post("/v1/payments", (response) => {
    let open = true;
    response.onAborted(() => {
      open = false;
    });
    response.onData((_chunk, isLast) => {
      if (!isLast) return;
      const reply = (): void => {
        if (!open) return;
        response.cork(() => {
          response
            .writeStatus("201 Created")
            .writeHeader("content-type", "application/json")
            .writeHeader("request-id", "req_0123456789")
            .writeHeader("Gateway-Time-Ms", String(delayMs))
            .end(BODY);
        });
      };
      waiting.push({ dueMs: performance.now() + delayMs, reply });
    });
  })
  .listen("127.0.0.1", port, (listening) => {
    console.log(listening === false ? "port taken" : uWS.us_socket_local_port(listening));
  });
