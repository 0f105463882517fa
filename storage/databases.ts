/** Databases, roles and addresses: what provisioning needs of a server before there is a schema. Owner rights. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { Socket } from "node:net";
import pg from "pg";

/**
 * Connects with owner rights, runs `work`, and always disconnects. `signal`: disconnects at once, also from a server that
 * does not answer; rejects then.
 */
export async function withOwner<T>(
  dsn: string,
  work: (client: pg.Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  signal?.throwIfAborted();
  const socket = new Socket();
  const hangUp = (): void => void socket.destroy();
  signal?.addEventListener("abort", hangUp, { once: true });
  const client = new pg.Client({
    connectionString: dsn,
    connectionTimeoutMillis: 10_000,
    application_name: "paycluster:provision",
    stream: () => socket,
  });
  client.on("error", () => undefined); // its next query says so
  try {
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } finally {
    signal?.removeEventListener("abort", hangUp);
  }
}

/** The same server, another database. */
export function dsnOfDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

/** The same place, another user. */
export function dsnOfUser(dsn: string, user: string, password: string): string {
  const url = new URL(dsn);
  url.username = user;
  url.password = encodeURIComponent(password);
  return url.toString();
}

/** Where a database is, without user and password: fit to be stored and logged. */
export function locationOf(dsn: string): string {
  return dsnOfUser(dsn, "", "");
}

/** A name that needs no thought inside SQL. Throws on anything else. */
export function requireName(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(name)) throw new Error(`not a plain database name: ${name}`);
  return name;
}

/** True when the database was made now. From template0: nobody is connected to it, so several can be made at once. */
export async function createDatabase(client: pg.Client, name: string): Promise<boolean> {
  const present = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
  if (present.rowCount !== 0) return false;
  await client.query(`CREATE DATABASE ${requireName(name)} TEMPLATE template0 ENCODING 'UTF8'`);
  return true;
}

/** What the server stores of a password (RFC 5802), so that the password itself never stands in a statement or its log. */
export function scramVerifier(password: string): string {
  const iterations = 4096; // PostgreSQL's own default
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const hmac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}

/** The role that rights are granted to by the migrations. */
export const APPLICATION_ROLE = "paycluster_app";

/**
 * Makes the role `name`, still without log-in, and the role that migrations grant to. A role of another name gets its
 * rights by membership: two clusters on one server have two log-ins.
 */
export async function ensureApplicationRole(client: pg.Client, name: string): Promise<void> {
  for (const role of new Set([APPLICATION_ROLE, requireName(name)])) {
    const present = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [role]);
    if (present.rowCount === 0) await client.query(`CREATE ROLE ${role} NOLOGIN`);
  }
  if (name !== APPLICATION_ROLE) await client.query(`GRANT ${APPLICATION_ROLE} TO ${name}`);
}

/** Lets the role log in with this password; the same one again changes nothing. */
export async function setPassword(client: pg.Client, name: string, password: string): Promise<void> {
  await client.query(`ALTER ROLE ${requireName(name)} LOGIN PASSWORD '${scramVerifier(password)}'`);
}

/** Only the owner and the application may connect. */
export async function restrictDatabase(client: pg.Client, name: string, role: string): Promise<void> {
  await client.query(`REVOKE ALL ON DATABASE ${requireName(name)} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${requireName(role)}`);
}
