/** Makes the static codec of envelopes.proto: for `write-envelopes.ts` and for the test that it is not old. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pbjs } from "protobufjs-cli";

const OPTIONS = ["--target", "static-module", "--wrap", "esm", "--dts", "--dependency", "protobufjs/minimal.js"];
/** Encoding and decoding alone. The root has a name of its own: two modules with one root would end each other. */
const LEAVES_OUT = ["create", "verify", "convert", "delimited", "typeurl", "service"].map((part) => `--no-${part}`);
const ROOT = ["--root", "peer-envelopes"];

/** All that our code sees of a Long, whose package is protobufjs's business. */
const LONG = "interface Long { readonly low: number; readonly high: number; readonly unsigned: boolean; }";

/** The module's text and its types. Rejects with what the generator says of a faulty schema. */
export async function generateEnvelopes(): Promise<{ readonly js: string; readonly dts: string }> {
  const folder = mkdtempSync(join(tmpdir(), "envelopes-"));
  const out = join(folder, "envelopes.js");
  const schema = join(import.meta.dirname, "envelopes.proto");
  try {
    await promisify(pbjs.main)([...OPTIONS, ...ROOT, ...LEAVES_OUT, "--out", out, schema]);
    const dts = readFileSync(join(folder, "envelopes.d.ts"), "utf8");
    return { js: readFileSync(out, "utf8"), dts: dts.replace('import Long = require("long");', LONG) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
