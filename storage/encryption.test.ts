import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { bytesOfId, idFromBytes, mintId } from "../actors/domain/index.ts";
import { createEndpointVault, createEnvelope, createVault } from "./encryption.ts";
import { ensureKeyFile, fileKeyProvider } from "./key-provider.ts";
import { newMerchant } from "./test/fixtures.ts";

describe("encryption", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keys-"));
    path = join(folder, "keys.json");
    ensureKeyFile(path);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const newPayment = () => ({ id: mintId("pay", 5, Date.now(), randomBytes(8)), merchantId: newMerchant() });
  const plain = Buffer.from('{"paymentMethod":"tok_visa"}');

  it("opens what it sealed, also after a restart and when a view into a larger buffer", () => {
    const payment = newPayment();
    const sealed = createVault(fileKeyProvider(path)).seal(payment, plain);
    expect(sealed.length - plain.length).to.be.lessThan(100);
    expect(Buffer.from(sealed).includes("tok_visa")).to.equal(false);
    const larger = Buffer.concat([Buffer.alloc(3), sealed, Buffer.alloc(3)]);
    const opened = createVault(fileKeyProvider(path)).open(payment, larger.subarray(3, larger.length - 3));
    expect(Buffer.from(opened).equals(plain)).to.equal(true);
  });

  it("opens nothing of another row or merchant", () => {
    const vault = createVault(fileKeyProvider(path));
    const payment = newPayment();
    const sealed = vault.seal(payment, plain);
    expect(() => vault.open({ ...payment, id: newPayment().id }, sealed)).to.throw();
    expect(() => vault.open({ ...payment, merchantId: newMerchant() }, sealed)).to.throw();
    expect(() => createEnvelope(fileKeyProvider(path)).open(Buffer.from("elsewhere"), sealed)).to.throw();
  });

  it("opens a secret of its own endpoint only, and not as a payment's details", () => {
    const vault = createEndpointVault(fileKeyProvider(path));
    const newEndpoint = () => ({ id: mintId("whe", 5, Date.now(), randomBytes(8)), merchantId: newMerchant() });
    const endpoint = newEndpoint();
    const sealed = vault.seal(endpoint, plain);
    const opened = createEndpointVault(fileKeyProvider(path)).open(endpoint, sealed);
    expect(Buffer.from(opened).equals(plain)).to.equal(true);
    expect(() => vault.open({ ...endpoint, id: newEndpoint().id }, sealed)).to.throw();
    expect(() => vault.open({ ...endpoint, merchantId: newMerchant() }, sealed)).to.throw();
    const payment = { ...endpoint, id: idFromBytes("pay", bytesOfId(endpoint.id)) };
    expect(() => createVault(fileKeyProvider(path)).open(payment, sealed)).to.throw();
  });

  it("opens nothing that was changed, at any byte, or cut, at either end", () => {
    const vault = createVault(fileKeyProvider(path));
    const payment = newPayment();
    const sealed = vault.seal(payment, plain);
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] as number) ^ 1;
      expect(() => vault.open(payment, changed), `byte ${i}`).to.throw();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(() => vault.open(payment, sealed.subarray(0, length)), `length ${length}`).to.throw();
    expect(() => vault.open(payment, sealed.subarray(1))).to.throw();
  });

  it("never repeats a nonce under one key, and changes the data key when it is used up", () => {
    const envelope = createEnvelope(fileKeyProvider(path), 5_000);
    const place = Buffer.from("here");
    const seen = new Set<string>();
    const headers = new Set<string>();
    for (let i = 0; i < 10_001; i++) {
      const sealed = Buffer.from(envelope.seal(place, plain));
      const headerEnd = sealed.length - plain.length - 28;
      headers.add(sealed.toString("hex", 0, headerEnd));
      seen.add(sealed.toString("hex", 0, headerEnd + 12));
    }
    expect(seen.size).to.equal(10_001);
    expect(headers.size).to.equal(3);
  });

  const keyOf = (bytes: number) => randomBytes(bytes).toString("base64");
  const bad: readonly (readonly [string, unknown, number])[] = [
    ["read by others", { current: "a", keys: [{ id: "a", key: keyOf(32) }] }, 0o640],
    [
      "with an id twice",
      {
        current: "a",
        keys: [
          { id: "a", key: keyOf(32) },
          { id: "a", key: keyOf(32) },
        ],
      },
      0o600,
    ],
    ["with a short key", { current: "a", keys: [{ id: "a", key: keyOf(31) }] }, 0o600],
    ["whose current key is missing", { current: "b", keys: [{ id: "a", key: keyOf(32) }] }, 0o600],
    ["without keys", {}, 0o600],
    ["without a key for client secrets", { current: "a", keys: [{ id: "a", key: keyOf(32) }] }, 0o600],
  ];
  for (const [what, content, mode] of bad)
    it(`refuses a key file ${what}`, () => {
      writeFileSync(path, JSON.stringify(content));
      chmodSync(path, mode);
      expect(() => fileKeyProvider(path)).to.throw(path);
    });

  it("opens with an older key and seals with the current one after a rotation", () => {
    const payment = newPayment();
    const sealed = createVault(fileKeyProvider(path)).seal(payment, plain);
    const file = JSON.parse(readFileSync(path, "utf8")) as { keys: { id: string; key: string }[] };
    writeFileSync(path, JSON.stringify({ ...file, current: "k2", keys: [...file.keys, { id: "k2", key: keyOf(32) }] }));
    const rotated = createVault(fileKeyProvider(path));
    expect(Buffer.from(rotated.open(payment, sealed)).equals(plain)).to.equal(true);
    expect(Buffer.from(rotated.seal(payment, plain)).toString("latin1", 2, 4)).to.equal("k2");
  });

  it("keeps an existing key file", () => {
    const before = readFileSync(path, "utf8");
    expect(ensureKeyFile(path)).to.equal(false);
    expect(readFileSync(path, "utf8")).to.equal(before);
  });
});
