import { expect } from "chai";
import { type AdminListener, startAdminListener } from "../index.ts";
import { exchange } from "./raw-http.ts";

describe("admin listener", function () {
  this.timeout(30_000);
  let admin: AdminListener;
  let ready = true;
  before(async () => {
    admin = await startAdminListener({
      host: "127.0.0.1",
      port: 0,
      livez: () => true,
      readyz: () => Promise.resolve({ ready, detail: { shards: [0, 1] } }),
      metrics: () => (ready ? Promise.resolve("a 1\n") : Promise.reject(new Error("worker died"))),
    });
  });
  after(() => admin.close());

  const ask = async (path: string, method = "GET"): Promise<string> => {
    const answer = await exchange(admin.port, `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return `${answer?.status} ${answer?.body.toString()}`;
  };

  it("answers what it is asked", async () => {
    ready = true;
    expect(await ask("/livez")).to.equal("200 ok\n");
    expect(await ask("/readyz")).to.equal('200 {"ready":true,"shards":[0,1]}');
    expect(await ask("/metrics")).to.equal("200 a 1\n");
    expect(await ask("/nope")).to.equal("404 not found\n");
    expect(await ask("/livez", "POST")).to.equal("405 only GET\n");
  });

  it("answers 503 while the node is not ready", async () => {
    ready = false;
    expect(await ask("/readyz")).to.equal('503 {"ready":false,"shards":[0,1]}');
    expect(await ask("/metrics")).to.equal("503 failed: Error: worker died\n");
  });
});
