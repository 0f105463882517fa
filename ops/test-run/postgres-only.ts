/** `node ops/test-run/postgres-only.ts`: a PostgreSQL for one's own tests in .stack/; prints its URL, ends on Ctrl-C. */
import { join } from "node:path";
import { startTestPostgres } from "./test-postgres.ts";

const stack = join(import.meta.dirname, "../../.stack");
const server = await startTestPostgres(stack);
const stop = (): void => void server.stop().then(() => process.exit(0));
process.once("SIGINT", stop).once("SIGTERM", stop);
console.log(server.ownerUrl);
console.error(
  `PostgreSQL is process ${server.pid}; log ${server.logFile}; Ctrl-C or SIGTERM to ${process.pid} stops it`,
);
