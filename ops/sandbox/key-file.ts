/** The sandbox's key file. It belongs to the databases that it opens, so a second data folder on them adopts it. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { ensureKeyFile, ensureSecret } from "../../storage/index.ts";

const SECRET = "key_file";

/** Makes the file `path`, mode 600, with the keys of the cluster of this control database, or new ones when it has none. */
export async function shareKeyFile(path: string, controlOwnerDsn: string): Promise<void> {
  ensureKeyFile(path);
  const mine = readFileSync(path, "utf8");
  const theirs = await ensureSecret(controlOwnerDsn, SECRET, () => mine);
  if (theirs === mine) return;
  writeFileSync(`${path}.new`, theirs, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
