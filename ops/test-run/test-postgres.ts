/** The PostgreSQL of a test run. */
import { join } from "node:path";
import { FolderInUseError, startEmbeddedPostgres, type EmbeddedPostgres } from "../sandbox/index.ts";

/** Starts a server in `stack`; runs beside each other get folders and ports of their own. */
export async function startTestPostgres(stack: string): Promise<EmbeddedPostgres> {
  for (let run = 1; ; run++) {
    try {
      return await startEmbeddedPostgres({
        dataDir: join(stack, run === 1 ? "postgres" : `postgres-${run}`),
        port: 5450,
      });
    } catch (error) {
      if (!(error instanceof FolderInUseError) || run === 20) throw error;
    }
  }
}
