/**
 * The PostgreSQL servers of a sandbox: given ones, or embedded ones: one for one node, two for more. A folder that has
 * data of a second server keeps that server, however few nodes there are: shards may lie on it.
 */
import { existsSync } from "node:fs";
import type { SandboxFolder } from "./folder.ts";
import type { SandboxOptions } from "./options.ts";
import { PostgresPart } from "./postgres-part.ts";
import type { DatabaseAddress, ServerAddress } from "./sandbox-file.ts";

/** Folder, name and preferred port of each embedded server; the first one's were there before the second. */
const EMBEDDED = [
  { folder: "postgres", name: "PostgreSQL", port: 5440 },
  { folder: "postgres-2", name: "PostgreSQL 2", port: 5441 },
] as const;

export class DatabaseServers {
  /** Those that are ours to start, watch and end; none when servers were given. */
  readonly parts: readonly PostgresPart[];
  readonly #given: readonly string[];
  readonly #folder: SandboxFolder;

  constructor(options: Pick<SandboxOptions, "nodes" | "postgres" | "postgresSettings">, folder: SandboxFolder) {
    this.#given = options.postgres;
    this.#folder = folder;
    const embedded = EMBEDDED.filter((one, i) => i === 0 || options.nodes > 1 || existsSync(folder.file(one.folder)));
    this.parts = (options.postgres.length > 0 ? [] : embedded).map(
      ({ folder: name, name: shown, port }) =>
        new PostgresPart(shown, { dataDir: folder.file(name), settings: options.postgresSettings, port }),
    );
  }

  /** With owner rights; the first holds the control database. Throws before the parts have started. */
  get urls(): readonly string[] {
    return this.parts.length === 0 ? this.#given : this.parts.map(({ server }) => server.ownerUrl);
  }

  /** As `sandbox.json` lists them. */
  get addresses(): readonly ServerAddress[] {
    const pids = this.parts.map(({ pid }) => pid);
    return this.urls.map((ownerUrl, i) => ({ ownerUrl, pid: pids[i] ?? null }));
  }

  /** What the banner calls them. */
  get title(): string {
    if (this.parts.length === 0) return "PostgreSQL (given)";
    return `${this.parts.length > 1 ? `${this.parts.length} x ` : ""}PostgreSQL 18 (embedded)`;
  }

  /** What differs from what the reader may expect. `shards`: where they turned out to be. */
  notes(shards: readonly (DatabaseAddress & { readonly id: number })[]): readonly string[] {
    return [...this.parts.flatMap((part, i) => this.#notesOf(part, EMBEDDED[i]?.port)), ...this.#noteOfPlaces(shards)];
  }

  #notesOf({ name, server }: PostgresPart, preferred: number | undefined): readonly string[] {
    const { port, place } = server;
    const notes = port === preferred ? [] : [`port ${preferred} taken, ${name} uses ${port}`];
    if (!place.home.startsWith(this.#folder.path))
      notes.push(`user ${place.runAs.name} cannot look into this folder: ${name} is in ${place.home}`);
    else if (place.native.startsWith(place.home)) notes.push(`${name}'s programs were copied to ${place.native}`);
    return notes;
  }

  /** A second server without shards: the folder is older than it. */
  #noteOfPlaces(shards: readonly (DatabaseAddress & { readonly id: number })[]): readonly string[] {
    const [first, second] = this.parts;
    if (first === undefined || second === undefined) return [];
    const isOnSecond = ({ ownerDsn }: DatabaseAddress): boolean =>
      new URL(ownerDsn).host === new URL(second.server.ownerUrl).host;
    if (shards.length < 2 || shards.some(isOnSecond)) return [];
    return [`all shards stay on ${first.name}, where they were made; ${second.name} is for shards that are added`];
  }
}
