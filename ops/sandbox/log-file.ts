/** Log files of processes: opened for their output, and their end shown to people. */
import { chmodSync, closeSync, existsSync, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";

const SIZE_MAX = 16 * 1024 * 1024;

/** Opens the file for appending, mode 600; a long one is set aside first, in place of the one before it. */
export function openLog(path: string): number {
  if (existsSync(path) && statSync(path).size > SIZE_MAX) renameSync(path, `${path}.old`);
  const file = openSync(path, "a", 0o600);
  chmodSync(path, 0o600);
  return file;
}

/** The last `count` lines, reading at most 64 kB; empty when there is no such file. */
export function lastLines(path: string, count: number): readonly string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    const size = fstatSync(file).size;
    const bytes = Buffer.alloc(Math.min(size, 65_536));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8").trimEnd().split("\n").slice(-count);
  } finally {
    closeSync(file);
  }
}
