/** The sandbox's own operator: `payctl` finds the token in the data folder, the cluster knows its hash. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { hashOperatorToken, mintOperatorToken } from "../../cluster/index.ts";
import { addOperator, type KeyProvider } from "../../storage/index.ts";

/** Makes the file `path`, mode 600, unless it is there, and tells the cluster of this control database. */
export async function shareOperatorToken(path: string, controlOwnerDsn: string, keys: KeyProvider): Promise<void> {
  if (!existsSync(path)) writeFileSync(path, `${mintOperatorToken({ bytes: randomBytes })}\n`, { mode: 0o600 });
  const tokenHash = hashOperatorToken(readFileSync(path, "utf8").trim(), keys);
  await addOperator(controlOwnerDsn, { name: "sandbox", role: "operate", tokenHash }, { who: "sandbox" });
}
