/** Stores that fail, wait or count for a test. */
import type { ShardStore } from "../../../actors/index.ts";

/** The store's methods on a plain object: some of them can then be replaced. */
export const bound = (store: ShardStore): ShardStore => ({
  activate: (claim, signal) => store.activate(claim, signal),
  commit: (lease, batch) => store.commit(lease, batch),
  renew: (lease) => store.renew(lease),
  findKeys: (keys) => store.findKeys(keys),
  scanKeys: (after, limit) => store.scanKeys(after, limit),
  findPayments: (ids) => store.findPayments(ids),
  read: (merchant, query) => store.read(merchant, query),
  rollUpBalances: (lease, merchants) => store.rollUpBalances(lease, merchants),
  confirmEpoch: (lease) => store.confirmEpoch(lease),
  saveDoubts: (lease, upserts, closed) => store.saveDoubts(lease, upserts, closed),
  release: (lease) => store.release(lease),
  close: () => store.close(),
});

/** A store whose commits wait until the test lets them go. */
export function gated(): { readonly store: (as: ShardStore) => ShardStore; close(): void; open(): void } {
  const waiting: (() => void)[] = [];
  let closed = false;
  return {
    store: (as) => ({
      ...bound(as),
      commit: async (lease, batch) => {
        const outcome = await as.commit(lease, batch);
        if (closed) await new Promise<void>((resolve) => waiting.push(resolve));
        return outcome;
      },
    }),
    close: () => {
      closed = true;
    },
    open: () => {
      closed = false;
      for (const go of waiting.splice(0)) go();
    },
  };
}
