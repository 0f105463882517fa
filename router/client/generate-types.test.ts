import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { PAYMENT_STATUSES, REFUSALS } from "../../actors/domain/index.ts";
import { EVENT_TYPES } from "../event-types.ts";
import { openApiDocument } from "../openapi.ts";
import { REFUND_STATUSES } from "../response-schemas.ts";
import { generateTypes } from "./generate-types.ts";
import * as api from "./types.ts";

const document = openApiDocument({ serverUrl: "" });

describe("generated types", () => {
  it("are those of the API: else run node router/client/write-types.ts", () =>
    expect(readFileSync(join(import.meta.dirname, "types.ts"), "utf8")).to.equal(generateTypes(document)));

  it("list what the catalogues list", () => {
    expect(api.ERROR_CODES).to.deep.equal(Object.keys(REFUSALS));
    expect(api.EVENT_TYPES).to.deep.equal([...EVENT_TYPES]);
    expect(api.PAYMENT_STATUSES).to.deep.equal([...PAYMENT_STATUSES]);
    expect(api.REFUND_STATUSES).to.deep.equal([...REFUND_STATUSES]);
  });

  it("need nothing from elsewhere", () => expect(generateTypes(document)).not.to.match(/\bimport\b/));

  it("refuse a schema that they cannot say", () => {
    const { components, ...rest } = document as { readonly components: { readonly schemas: object } };
    const odd = { ...rest, components: { schemas: { ...components.schemas, Odd: { type: "thing" } } } };
    expect(() => generateTypes(odd)).to.throw("no type for");
  });
});
