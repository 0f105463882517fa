/** The control database of a cluster, changed as an operator would: the node learns of it within seconds. */
import { join } from "node:path";
import type pg from "pg";
import type { CraftingTable } from "../../../router/test/crafted-tokens.ts";
import { type ControlStore, fileKeyProvider, openControlStore } from "../../../storage/index.ts";
import { type Cluster, queryOne } from "./cluster.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** Runs a statement on the control database, as its owner. */
export const onControl = <Row extends pg.QueryResultRow>(
  cluster: Cluster,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> => queryOne<Row>(cluster.info.postgres.control.ownerDsn, sql, values);

/** Changes one column of merchant number `index`. */
export async function changeMerchant(cluster: Cluster, index: number, column: string, value: unknown): Promise<void> {
  await onControl(
    cluster,
    `UPDATE merchant SET ${column} = $1 WHERE id = (SELECT merchant_id FROM api_client WHERE id = $2)`,
    [value, cluster.info.merchants[index]?.clientId],
  );
}

/** Works with the control store, which knows the cluster's keys. */
export async function withControlStore<T>(cluster: Cluster, work: (store: ControlStore) => Promise<T>): Promise<T> {
  const store = openControlStore({
    dsn: cluster.info.postgres.control.ownerDsn,
    who: "test",
    log: quiet,
    keys: fileKeyProvider(join(cluster.dataDir, "keys.json")),
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What tokens of merchant number `index` are forged from. */
export async function craftingTable(cluster: Cluster, index = 0): Promise<CraftingTable> {
  const { signingKeys } = await withControlStore(cluster, (store) => store.loadDirectory());
  const [key] = signingKeys;
  const merchant = cluster.info.merchants[index];
  if (key === undefined || merchant === undefined) throw new Error("the sandbox has no key or no such merchant");
  return {
    issuer: cluster.info.apiUrl,
    audience: "payment-cluster",
    clientId: merchant.clientId,
    merchantId: merchant.id,
    key,
  };
}
