import { expect } from "chai";
import { activated, shardStoreContract } from "./contract.ts";
import { createMemoryStore, memoryDatabase } from "./memory-store.ts";
import { acceptedDecision, batchOf, claimOf } from "./test/fixtures.ts";

describe("memory store", () => {
  shardStoreContract(async () => {
    const database = memoryDatabase([1, 2, 3]);
    return {
      shard: 7,
      open: () => createMemoryStore({ shard: 7, database }),
      close: async () => undefined,
      findings: async () =>
        [...database.side.findings.values()].sort((a, b) => (a.finding.dedupeKey < b.finding.dedupeKey ? -1 : 1)),
    };
  });

  for (const written of [true, false])
    it(`refuses to write after an unknown commit that was ${written ? "" : "not "}in, until it is activated`, async () => {
      const database = memoryDatabase([1]);
      const store = createMemoryStore({ shard: 7, database });
      const head = await activated(store, claimOf("a", 1n));
      database.nextOutcomes.push({ kind: "unknown", written });
      const batch = batchOf(head, [acceptedDecision()]);
      expect(await store.commit(head.lease, batch)).to.deep.equal({ kind: "unknown" });
      expect((await store.renew(head.lease)).kind).to.equal("unavailable");
      expect((await activated(store, claimOf("a", 1n))).lastSeq).to.equal(written ? 1n : 0n);
    });
});
