/** `node router/client/write-types.ts`: writes types.ts anew after a change of the API. A test fails while it is old. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApiDocument } from "../openapi.ts";
import { generateTypes } from "./generate-types.ts";

writeFileSync(join(import.meta.dirname, "types.ts"), generateTypes(openApiDocument({ serverUrl: "" })));
