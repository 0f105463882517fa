import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHmac } from "node:crypto";
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

  const clientSecretKey = Buffer.alloc(32, 7);
  const open = (name: string, secret = clientSecretKey) => {
    const path = join(folder, name);
    const key = Buffer.alloc(32, 1).toString("base64");
    const file = { current: "k1", keys: [{ id: "k1", key }], clientSecretKey: secret.toString("base64") };
    writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
    return fileKeyProvider(path);
  };

  it("derives keys that never change", () => {
    const provider = open("derive.json");
    const hexOf = (purpose: string): string => Buffer.from(provider.derive(purpose)).toString("hex");
    expect(hexOf("cursor")).to.equal("eeffb0f2a99f51761d9f6e7b4fb001521db1c54b5c0967d26df1da6fe765a337");
    expect(hexOf("")).to.equal("57b246942bc15cc2de419e851011af507ef4029c2763f618ce36998f84172862");
  });

  it("derives by HKDF-SHA-256 of RFC 5869: extract with the salt, expand with the purpose", () => {
    const prk = createHmac("sha256", "paycluster derived keys").update(clientSecretKey).digest();
    const expected = createHmac("sha256", prk)
      .update("cached reply")
      .update(Buffer.from([1]))
      .digest();
    expect(Buffer.from(open("rfc.json").derive("cached reply")).equals(expected)).to.equal(true);
  });

  it("derives other keys for another purpose and from another secret", () => {
    const [one, two] = [open("one.json"), open("two.json", Buffer.alloc(32, 8))];
    const keys = [one.derive("a"), one.derive("b"), two.derive("a"), one.clientSecretKey];
    expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).to.equal(4);
    expect(keys.map((key) => key.length)).to.deep.equal([32, 32, 32, 32]);
  });
});
