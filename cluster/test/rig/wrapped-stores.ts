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
  findOperations: (ids) => store.findOperations(ids),
  findNotices: (keys) => store.findNotices(keys),
  findWaitingNotices: (beforeMs, limit) => store.findWaitingNotices(beforeMs, limit),
  saveSide: (lease, rows) => store.saveSide(lease, rows),
  saveOutbox: (lease, rows) => store.saveOutbox(lease, rows),
  findDeliveries: (endpointId, limit) => store.findDeliveries(endpointId, limit),
  confirmEpoch: (lease) => store.confirmEpoch(lease),
  saveDoubts: (lease, upserts, closed) => store.saveDoubts(lease, upserts, closed),
  release: (lease) => store.release(lease),
  close: () => store.close(),
});

/** Closed: what the store says waits until the test lets it go. */
export interface Gate {
  readonly store: (as: ShardStore) => ShardStore;
  close(): void;
  open(): void;
}

/** A store whose commits wait until the test lets them go. */
export const gated = (): Gate => gatedAt("commit");

/** A store whose answers to these calls wait until the test lets them go. */
export function gatedAt(method: "commit" | "saveOutbox" | "findDeliveries"): Gate {
  const waiting: (() => void)[] = [];
  let closed = false;
  const late = async <T>(answer: Promise<T>): Promise<T> => {
    const given = await answer;
    if (closed) await new Promise<void>((resolve) => waiting.push(resolve));
    return given;
  };
  return {
    store: (as) => {
      const store = bound(as);
      const slow: Pick<ShardStore, typeof method> = {
        commit: (...asked) => late(as.commit(...asked)),
        saveOutbox: (...asked) => late(as.saveOutbox(...asked)),
        findDeliveries: (...asked) => late(as.findDeliveries(...asked)),
      };
      return { ...store, [method]: slow[method] };
    },
    close: () => {
      closed = true;
    },
    open: () => {
      closed = false;
      for (const go of waiting.splice(0)) go();
    },
  };
}
