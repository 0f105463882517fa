/** Short-lived connections of the bench to the databases under test, for looking and for making its own. */
import pg from "pg";

/** Runs `work` on one connection and closes it. int8 and numeric come as text, as `pg` gives them. */
export async function withDatabase<T>(dsn: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: dsn, application_name: "bench" });
  client.on("error", () => undefined); // the query that runs reports it
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function databaseOn(dsn: string, database: string): string {
  const url = new URL(dsn);
  url.pathname = `/${database}`;
  return url.href;
}
