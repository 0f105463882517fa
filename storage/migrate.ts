/** Brings a database to the newest schema: numbered SQL files, forward only, each once, under an advisory lock. */
import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { withOwner } from "./databases.ts";

export type SchemaKind = "control" | "shard";

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Runs what is missing, in one transaction. Returns the names of the files that ran. `dsn`: owner rights. */
export async function migrate(dsn: string, kind: SchemaKind): Promise<readonly string[]> {
  const ran = await withOwner(dsn, (dbClient) =>
    runner({
      dbClient,
      dir: fileURLToPath(new URL(`./migrations/${kind}`, import.meta.url)),
      migrationsTable: "schema_migration",
      direction: "up",
      checkOrder: true,
      singleTransaction: true,
      logger: silent, // errors are thrown
    }),
  );
  return ran.map((migration) => migration.name);
}
