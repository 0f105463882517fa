/** A store that answers in an order which fast-check chooses. */
import type fc from "fast-check";
import type { ShardStore } from "../../../actors/index.ts";
import { bound } from "./wrapped-stores.ts";

/** A store whose every call waits for the scheduler, both before it is done and before it is known to be. */
export const scheduled =
  (scheduler: fc.Scheduler, isFree: () => boolean) =>
  (as: ShardStore, isOver: () => boolean): ShardStore => {
    const store = bound(as);
    const wait = async (what: string): Promise<void> => {
      if (!isFree()) await scheduler.schedule(Promise.resolve(), what);
      if (isOver()) await new Promise(() => {}); // its process is dead
    };
    const slow =
      <A extends readonly unknown[], R>(what: string, run: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        await wait(what);
        const result = await run(...args);
        await wait(`${what} done`);
        return result;
      };
    return {
      ...store,
      commit: slow("commit", (...given: Parameters<ShardStore["commit"]>) => store.commit(...given)),
      renew: slow("renew", (...given: Parameters<ShardStore["renew"]>) => store.renew(...given)),
      findKeys: slow("findKeys", (...given: Parameters<ShardStore["findKeys"]>) => store.findKeys(...given)),
      findPayments: slow("findPayments", (...given: Parameters<ShardStore["findPayments"]>) =>
        store.findPayments(...given),
      ),
      findOperations: slow("findOperations", (...given: Parameters<ShardStore["findOperations"]>) =>
        store.findOperations(...given),
      ),
      findNotices: slow("findNotices", (...given: Parameters<ShardStore["findNotices"]>) =>
        store.findNotices(...given),
      ),
      saveSide: slow("saveSide", (...given: Parameters<ShardStore["saveSide"]>) => store.saveSide(...given)),
      saveDoubts: slow("saveDoubts", (...given: Parameters<ShardStore["saveDoubts"]>) => store.saveDoubts(...given)),
    };
  };
