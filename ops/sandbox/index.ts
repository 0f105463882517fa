/** The sandbox's door: the embedded PostgreSQL, which the tests and the benchmark use too. */
export { FolderInUseError } from "./folder-lock.ts";
export { removeShelters } from "./postgres-place.ts";
export {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  type PostgresSettings,
} from "./postgres.ts";
