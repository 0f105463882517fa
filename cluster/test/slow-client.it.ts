/** A client on a slow line: what it cost to send a body says nothing about our queue (faults.md §4). */
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "../../router/test/raw-http.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { Cluster } from "./rig/cluster.ts";
import { Merchant, payment } from "./rig/merchant.ts";

describe("a slow client", function () {
  this.timeout(60_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.dispose());

  it("whose body comes long after its head, again and again, is served each time", async () => {
    const { apiUrl } = cluster.info;
    const merchant = await Merchant.signIn(cluster.info, 0);
    const body = JSON.stringify(payment());
    const statuses = await Promise.all(
      Array.from({ length: 4 }, async (_, i) => {
        const client = await RawClient.connect(Number(new URL(apiUrl).port));
        await sleep(i * DEFAULT_LIMITS.queueAgeMaxMs);
        client.send(
          [
            "POST /v1/payments HTTP/1.1",
            "Host: x",
            `Authorization: Bearer ${merchant.token}`,
            `X-Idempotency-Key: slow-${i}`,
            "Content-Type: application/json",
            `Content-Length: ${body.length}\r\n\r\n`,
          ].join("\r\n"),
        );
        await sleep(4 * DEFAULT_LIMITS.queueAgeMaxMs);
        client.send(body);
        const answer = await client.read();
        client.close();
        return answer?.status;
      }),
    );
    await merchant.close();
    expect(statuses).to.deep.equal([201, 201, 201, 201]);
  });
});
