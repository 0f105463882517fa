import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileKeyProvider } from "./key-provider.ts";

describe("key file", () => {
  const folder = mkdtempSync(join(tmpdir(), "key-provider-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("that is not JSON is refused without quoting it", () => {
    const path = join(folder, "keys.json");
    writeFileSync(path, "hush7hush7hush7", { mode: 0o600 });
    expect(() => fileKeyProvider(path)).to.throw(`${path} is not JSON`);
    expect(() => fileKeyProvider(path)).not.to.throw("hush7");
  });
});
