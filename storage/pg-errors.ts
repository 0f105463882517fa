/**
 * What an error of PostgreSQL means for a batch: a table from SQLSTATE to outcome. Details and hints are never taken
 * over: they print values of rows (faults.md, attack 24).
 */
import { DatabaseError } from "pg";
import type { CommitOutcome } from "../actors/index.ts";

type ErrorKind = "fenced" | "rejected" | "unavailable" | "unknown";

/**
 * Longest prefix wins. For a statement that failed inside BEGIN … COMMIT: its transaction cannot commit any more, so
 * only a session that ended leaves doubt (whoever ended it may have done so after COMMIT was read), and memory that is
 * shown to be wrong: an earlier commit is in that we do not know of.
 */
const KINDS: { readonly [prefix: string]: ErrorKind } = {
  PC001: "fenced", // raised by the fence: epoch or slots_version is not ours
  PC002: "unknown", // raised by the fence: ours, but the journal is not where we believe it is: settle, which loads it again
  "22": "rejected", // a value
  "23": "rejected", // a constraint
  "08": "unknown", // connection
  "25": "unavailable", // transaction state; 25006: a host in recovery
  "25P03": "unknown", // the server ended the session: idle in transaction
  "40": "unavailable", // serialization, deadlock
  "53": "unavailable", // disk full, out of memory, too many connections
  "55": "unavailable", // lock_timeout
  "57": "unknown", // shutdown, crash, terminated
  "57014": "unavailable", // statement_timeout, canceled
};
const OTHERWISE: ErrorKind = "unavailable";

/** The server's words for an error, without values of rows. */
export interface ServerError {
  readonly sqlState: string;
  readonly constraint: string | null;
  /** The session ended with it. */
  readonly fatal: boolean;
}

/** What the server said, or undefined when the error is the connection's. */
export function serverErrorOf(error: unknown): ServerError | undefined {
  if (!(error instanceof DatabaseError) || error.code === undefined) return undefined;
  return {
    sqlState: error.code,
    constraint: error.constraint ?? null,
    fatal: error.severity === "FATAL" || error.severity === "PANIC",
  };
}

/** The table's answer. */
export function kindOfSqlState(sqlState: string): ErrorKind {
  for (let length = sqlState.length; length >= 2; length--) {
    const kind = KINDS[sqlState.slice(0, length)];
    if (kind !== undefined) return kind;
  }
  return OTHERWISE;
}

/** How a batch ended whose statement failed with `error`, all bytes being sent. */
export function outcomeOfFailedStatement(error: unknown): Exclude<CommitOutcome, { kind: "committed" }> {
  const server = serverErrorOf(error);
  if (server === undefined || server.fatal) return { kind: "unknown" };
  const kind = kindOfSqlState(server.sqlState);
  switch (kind) {
    case "rejected":
      return { kind, sqlState: server.sqlState, constraint: server.constraint };
    case "unavailable":
      return { kind, reason: server.sqlState };
    default:
      return { kind };
  }
}

/** A short reason for logs: SQLSTATE and constraint, or the system's error code. Never row values. */
export function reasonOf(error: unknown): string {
  const server = serverErrorOf(error);
  if (server !== undefined)
    return server.constraint === null ? server.sqlState : `${server.sqlState} ${server.constraint}`;
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message;
  return "unknown error";
}
