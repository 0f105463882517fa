/** C4: a full log disk costs lines, never a payment, and the log goes on by itself when there is space again. */
import { expect } from "chai";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { createLog } from "../log.ts";

describe("log on a full disk", () => {
  const folder = mkdtempSync(join(tmpdir(), "payment-cluster-log-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("C4 never throws, keeps a bounded rest, and writes it once there is space", () => {
    const keptMax = 100_000;
    const full = openSync("/dev/full", "w");
    const destination = pino.destination({ dest: full, sync: true, maxLength: keptMax });
    const log = createLog({ node: "n1" }, destination);
    for (let n = 0; n < 2_000; n++) expect(() => log.error({ n, why: "x".repeat(100) }, "lost")).not.to.throw();
    closeSync(full);

    const path = join(folder, "log");
    (destination as unknown as { fd: number }).fd = openSync(path, "a"); // as if the disk had space again
    log.info({ n: -1 }, "back");
    const text = readFileSync(path, "utf8");
    expect(text.length).to.be.within(1, keptMax + 200);
    expect(JSON.parse(text.slice(0, text.indexOf("\n"))).n, "the oldest line is kept").to.equal(0);
    expect(text.endsWith("\n")).to.equal(true);
  });
});
