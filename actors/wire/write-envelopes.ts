/**
 * `node actors/wire/write-envelopes.ts`: writes envelopes.generated.js and .d.ts anew after a change of envelopes.proto.
 * A test fails while they are old.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateEnvelopes } from "./generate-envelopes.ts";

const { js, dts } = await generateEnvelopes();
writeFileSync(join(import.meta.dirname, "envelopes.generated.js"), js);
writeFileSync(join(import.meta.dirname, "envelopes.generated.d.ts"), dts);
