/** What a load can be aimed at: the cluster or the naive service, with all that a measurement wants to know of it. */
import { readFileSync } from "node:fs";
import { parseStat } from "./cpu.ts";
import type { GroupRoot } from "./cpu.ts";
import { withDatabase } from "./databases.ts";
import type { NoticeAddress } from "./notice-traffic.ts";

/** Where a gateway's notifications go, and its simulator. */
export interface NoticePlace extends NoticeAddress {
  readonly controlUrl: string;
  /** Path of Adyen's. */
  readonly chargeLog: string;
}

export interface Target {
  readonly name: string;
  readonly apiUrl: string;
  /** One bearer token per merchant, fresh enough for a run. */
  readonly tokens: () => Promise<readonly string[]>;
  /** The process that does the work: its threads and memory are shown. */
  readonly servicePid: number;
  readonly roots: readonly GroupRoot[];
  /** Any database of the server, owner rights. */
  readonly serverDsn: string;
  /** Databases with the shard schema, owner rights. */
  readonly shardDsns: readonly string[];
  /** See AuditScope. */
  readonly gapless: boolean;
  /** The Redis that it uses; null: none. */
  readonly redisUrl: string | null;
  /** Where a gateway's notifications go; null: it takes none. */
  readonly notices: NoticePlace | null;
  readonly stop: () => Promise<void>;
}

/** The postmaster behind a connection; undefined when it is not on this machine. */
export async function findPostmaster(dsn: string): Promise<number | undefined> {
  const backend = await withDatabase(dsn, async (client) => {
    const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const pid = rows[0]?.pid ?? 0;
    try {
      return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    } catch {
      return undefined;
    }
  });
  return backend?.name === "postgres" ? backend.parent : undefined;
}

const TOKENS_AT_ONCE = 16;
/** Well inside a token's hour, whatever the length of the run. */
const TOKENS_KEPT_MS = 20 * 60_000;

export interface ClientSecret {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Fetches one token per client and keeps them for a while. Throws when a token is refused. */
export function tokenSource(tokenUrl: string, clients: readonly ClientSecret[]): () => Promise<readonly string[]> {
  let kept: { readonly atMs: number; readonly tokens: readonly string[] } | undefined;
  return async () => {
    if (kept !== undefined && performance.now() - kept.atMs < TOKENS_KEPT_MS) return kept.tokens;
    const tokens: string[] = [];
    for (let from = 0; from < clients.length; from += TOKENS_AT_ONCE)
      tokens.push(
        ...(await Promise.all(clients.slice(from, from + TOKENS_AT_ONCE).map((c) => fetchToken(tokenUrl, c)))),
      );
    kept = { atMs: performance.now(), tokens };
    return tokens;
  };
}

async function fetchToken(tokenUrl: string, { clientId, clientSecret }: ClientSecret): Promise<string> {
  const response = await fetch(tokenUrl, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  const body = (await response.json()) as { readonly access_token?: unknown };
  if (typeof body.access_token !== "string") throw new Error(`no token for ${clientId}: status ${response.status}`);
  return body.access_token;
}
