/**
 * Things that are still to be done, in a file that survives kill -9: a line when one begins, a line when it has ended.
 * What is over is dropped at opening, and while the file is in use when it has grown too long.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { AppendLog } from "./append-log.ts";

const REWRITE_BYTES = 64 * 1_048_576;

export class PendingFile<Item> {
  readonly #path: string;
  readonly #items = new Map<string, Item>();
  #ending = 0;
  #log: AppendLog;
  #rewriting: Promise<unknown> | undefined;
  #rewriteAt: number;

  constructor(path: string, rewriteBytes = REWRITE_BYTES) {
    this.#path = path;
    this.#rewriteAt = rewriteBytes;
    // A crash while the file was rewritten leaves both; the newer one continues the older one.
    for (const file of [path, this.#nextPath].filter((name) => existsSync(name))) this.#readFrom(file);
    const lines = [...this.#items].map((entry) => `${JSON.stringify(entry)}\n`);
    writeFileSync(`${path}.open`, lines.join(""), { mode: 0o600 });
    renameSync(`${path}.open`, path);
    rmSync(this.#nextPath, { force: true });
    this.#log = new AppendLog(path, false);
  }

  /** By id, oldest first. */
  get items(): ReadonlyMap<string, Item> {
    return this.#items;
  }

  /** Resolves when the item is on file; harmless for one that is there. */
  async add(id: string, item: Item): Promise<void> {
    if (this.#items.has(id)) return;
    this.#items.set(id, item);
    await this.#log.append(JSON.stringify([id, item]));
    this.#rewriteIfLong();
  }

  /** Items that a restart would find: also those whose end is not written yet. */
  get size(): number {
    return this.#items.size + this.#ending;
  }

  async end(id: string): Promise<void> {
    if (!this.#items.delete(id)) return;
    this.#ending++;
    await this.#log.append(JSON.stringify([id])).finally(() => this.#ending--);
  }

  async close(): Promise<void> {
    await this.#rewriting;
    await this.#log.close();
  }

  get #nextPath(): string {
    return `${this.#path}.next`;
  }

  #readFrom(path: string): void {
    const log = new AppendLog(path, false);
    log.scan((line) => {
      const [id, item] = JSON.parse(line) as [string, Item?]; // a line that this class has written
      if (item === undefined) this.#items.delete(id);
      else this.#items.set(id, item);
    });
    void log.close();
  }

  #rewriteIfLong(): void {
    if (this.#log.size < this.#rewriteAt || this.#rewriting !== undefined) return;
    this.#rewriting = this.#rewrite()
      .catch(() => (this.#rewriteAt = Number.POSITIVE_INFINITY)) // both files stay, and are read together
      .then(() => (this.#rewriting = undefined));
  }

  async #rewrite(): Promise<void> {
    const old = this.#log;
    this.#log = new AppendLog(this.#nextPath, false); // what comes from now on is written after what is still open
    const copied = [...this.#items].map((entry) => this.#log.append(JSON.stringify(entry)));
    await Promise.all(copied);
    await old.close();
    renameSync(this.#nextPath, this.#path);
    this.#rewriteAt = Math.max(this.#rewriteAt, 2 * this.#log.size);
  }
}
