/** Secrets of a sandbox, kept in the control database where only its owner reads them. Production has a secret store. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { withOwner } from "./databases.ts";

/** The secret, or undefined. `ownerDsn`: of the control database. */
export function getSecret(ownerDsn: string, name: string): Promise<string | undefined> {
  return withOwner(ownerDsn, async (client) => {
    const { rows } = await client.query<{ value: string }>("SELECT value FROM sandbox_secret WHERE name = $1", [name]);
    return rows[0]?.value;
  });
}

/** Stores or replaces a secret. */
export async function setSecret(ownerDsn: string, name: string, value: string): Promise<void> {
  await withOwner(ownerDsn, (client) =>
    client.query("INSERT INTO sandbox_secret VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", [
      name,
      value,
    ]),
  );
}

/** The secret of that name; the first caller's `make` decides it for ever, whoever else asks at the same time. */
export function ensureSecret(ownerDsn: string, name: string, make: () => string): Promise<string> {
  return withOwner(ownerDsn, (client) => ensureSecretWith(client, name, make));
}

/** As `ensureSecret`, on an open connection. */
export async function ensureSecretWith(client: pg.Client, name: string, make: () => string): Promise<string> {
  await client.query("INSERT INTO sandbox_secret VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [name, make()]);
  const { rows } = await client.query<{ value: string }>("SELECT value FROM sandbox_secret WHERE name = $1", [name]);
  const [row] = rows;
  if (row === undefined) throw new Error(`the secret ${name} was removed`);
  return row.value;
}

/** 256 random bits as text. */
export const randomSecret = (): string => randomBytes(32).toString("base64url");
