/** `npm run stack:redis`: brings a Redis server into .stack/ unless there is one, and prints where it is. */
import { join } from "node:path";
import { unpackRedis } from "./redis-package.ts";
import { findRedis } from "./redis-program.ts";

const stack = join(import.meta.dirname, "../../.stack");
const program = findRedis(stack) ?? unpackRedis({ stack, fetchLists: true });
if ("failed" in program) {
  console.error(`no Redis: ${program.failed}. Install a redis-server on the PATH, or name a running one in REDIS_URL.`);
  process.exitCode = 1;
} else {
  console.log(program.path);
  const libraries = program.libraryPath === null ? "" : `; it needs LD_LIBRARY_PATH=${program.libraryPath}`;
  console.error(`Redis ${program.version}${libraries}`);
}
