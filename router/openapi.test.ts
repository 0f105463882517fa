import { expect } from "chai";
import { REFUSALS, type RefusalCode } from "../actors/domain/index.ts";
import { EVENT_TYPES } from "./event-types.ts";
import { PAGE_PARAMETERS, PAYMENTS_PARAMETERS } from "./list-parameters.ts";
import { EXAMPLES, sampleOf } from "./openapi-examples.ts";
import { OPERATIONS } from "./openapi-operations.ts";
import { openApiDocument } from "./openapi.ts";
import { ComponentSchemas, type Json, type JsonObject, listOf, objectOf, textOf } from "./openapi-schemas.ts";
import { PAYMENT, PROBLEM, REFUND } from "./response-schemas.ts";
import { readIdempotencyKey } from "./admission.ts";
import { readHead } from "./request-head.ts";
import { matchRoute, ROUTES } from "./routes.ts";
import { SCOPES } from "./scopes.ts";
import { OUTGOING_EVENT } from "./webhook-schemas.ts";
import { answerSchema, misfits, valueAt } from "./test/run-examples.ts";

const document = openApiDocument({ serverUrl: "https://pay.example" });
const components = objectOf(document["components"]);
const operations = Object.entries(objectOf(document["paths"])).flatMap(([path, methods]) =>
  Object.entries(objectOf(methods)).map(([method, json]) => ({ path, method, operation: objectOf(json) })),
);

/** Every object in a document, with where it stands. */
function* objectsIn(json: Json, at = ""): Generator<readonly [string, JsonObject]> {
  if (typeof json !== "object" || json === null) return;
  if (!Array.isArray(json)) yield [at, json as JsonObject];
  for (const [name, member] of Object.entries(json)) yield* objectsIn(member as Json, `${at}/${name}`);
}

describe("OpenAPI document", () => {
  it("names every route that is served, and no other", () => {
    const described = operations.map(
      ({ path, method, operation }) => `${textOf(operation["operationId"])} ${method.toUpperCase()} ${path}`,
    );
    expect(described).to.have.members(ROUTES.map(({ name, method, path }) => `${name} ${method} ${path}`));
  });

  it("leads to the route that it describes", () => {
    for (const { path, method, operation } of operations) {
      const match = matchRoute(method.toUpperCase(), path.replace(/\{\w+\}/, "x"));
      expect(match.kind === "route" && match.route.name, path).to.equal(operation["operationId"]);
    }
  });

  it("asks for the scope that the route asks for, and explains every scope", () => {
    for (const { operation } of operations) {
      const route = ROUTES.find(({ name }) => name === operation["operationId"]);
      const scopes = listOf(operation["security"]).flatMap((row) => listOf(objectOf(row)["oauth2"]));
      expect(scopes, route?.name).to.deep.equal(route?.scope === null ? [] : [route?.scope]);
    }
    const explained = valueAt(components, "/securitySchemes/oauth2/flows/clientCredentials/scopes");
    expect(Object.keys(explained as object)).to.deep.equal([...SCOPES]);
  });

  it("refers to nothing that it does not hold", () => {
    let count = 0;
    for (const [at, object] of objectsIn(document)) {
      if (typeof object["$ref"] !== "string") continue;
      count++;
      expect(valueAt(document, object["$ref"].slice(1)), `${at} -> ${object["$ref"]}`).to.be.an("object");
    }
    expect(count).to.be.greaterThan(100);
  });

  it("declares the parameter of each path, and the query that the server reads", () => {
    for (const { path, operation } of operations) {
      const parameters = listOf(operation["parameters"]).map(objectOf);
      const namesIn = (place: string) => parameters.filter((row) => row["in"] === place).map((row) => row["name"]);
      expect(namesIn("path"), path).to.deep.equal([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      const isList = /^list_(?!webhook_endpoints$)/.test(textOf(operation["operationId"]));
      const expected = operation["operationId"] === "list_payments" ? PAYMENTS_PARAMETERS : PAGE_PARAMETERS;
      expect(namesIn("query"), path).to.deep.equal(isList ? [...expected] : []);
    }
  });

  it("asks for an idempotency key on every POST that changes something", () => {
    for (const { method, operation } of operations) {
      const keyed = JSON.stringify(operation["parameters"] ?? []).includes("#/components/parameters/IdempotencyKey");
      expect(keyed, textOf(operation["operationId"])).to.equal(
        method === "post" && !["token", "stripe_webhook", "adyen_webhook"].includes(textOf(operation["operationId"])),
      );
    }
  });

  it("names the header that carries the key, and what a key may be, as the server reads them", () => {
    const { name, schema } = valueAt(components, "/parameters/IdempotencyKey") as { name: string; schema: JsonObject };
    const pattern = new RegExp(textOf(schema["pattern"]));
    for (const key of ["a", "~".repeat(255), "", "a b", "é", "x".repeat(256)]) {
      const head = readHead({ forEach: (visit) => visit(name.toLowerCase(), key) });
      expect(typeof readIdempotencyKey(head) === "string", key).to.equal(pattern.test(key));
    }
    expect(readHead({ forEach: (visit) => visit(name.toLowerCase(), "a") }).idempotencyKey).to.equal("a");
  });

  it("holds every error code, event type and scope of the catalogues", () => {
    expect(valueAt(components, "/schemas/Problem/properties/code/enum")).to.deep.equal(Object.keys(REFUSALS));
    expect(valueAt(components, "/schemas/Event/properties/type/enum")).to.deep.equal([...EVENT_TYPES]);
    expect(document["x-error-codes"]).to.deep.equal(REFUSALS);
  });

  it("lists each code where it may be answered, under its own status", () => {
    const listed = new Set<string>();
    for (const { operation } of operations)
      for (const [status, response] of Object.entries(objectOf(operation["responses"])))
        for (const code of listOf(objectOf(response)["x-error-codes"]).map(textOf)) {
          listed.add(code);
          expect(REFUSALS[code as RefusalCode].status, code).to.equal(Number(status));
        }
    // The token endpoint speaks RFC 6749, and a wrong method is of no operation.
    expect(Object.keys(REFUSALS).filter((code) => !listed.has(code))).to.deep.equal([
      "invalid_client",
      "method_not_allowed",
    ]);
  });

  it("says what is sent to endpoints: the headers, and a body that fits the schema", () => {
    const post = objectOf(valueAt(document, "/webhooks/event/post") as Json);
    expect(listOf(post["parameters"]).map((row) => objectOf(row)["name"])).to.deep.equal([
      "webhook-id",
      "webhook-timestamp",
      "webhook-signature",
    ]);
    const body = objectOf(objectOf(objectOf(post["requestBody"])["content"])["application/json"]);
    expect(body["schema"]).to.deep.equal({ $ref: "#/components/schemas/OutgoingEvent" });
    for (const { value } of Object.values(objectOf(body["examples"])).map((row) => objectOf(row)))
      expect(misfits(OUTGOING_EVENT, value)).to.deep.equal([]);
  });

  it("writes no hidden member and no keyword of the library", () => {
    expect(JSON.stringify(document)).not.to.match(/"~|"\$id"/);
    for (const schema of [
      "CreatePayment",
      "CapturePayment",
      "CancelPayment",
      "CreateRefund",
      "CreateWebhookEndpoint",
      "RotateWebhookSecret",
      "ResendEvent",
    ])
      expect(valueAt(components, `/schemas/${schema}/additionalProperties`), schema).to.equal(false);
    for (const schema of [
      "Payment",
      "Refund",
      "Event",
      "Problem",
      "WebhookEndpoint",
      "WebhookDelivery",
      "OutgoingEvent",
    ])
      expect(valueAt(components, `/schemas/${schema}/additionalProperties`), schema).to.equal(undefined);
  });
});

describe("examples", () => {
  it("have names of their own and answers that fit their schemas", () => {
    expect(new Set(EXAMPLES.map(({ name }) => name)).size).to.equal(EXAMPLES.length);
    for (const { name, route, answer } of EXAMPLES) {
      const schema = answerSchema(route, answer.status);
      if (schema !== null) expect(misfits(schema, answer.body), name).to.deep.equal([]);
    }
  });

  it("send bodies that pass, unless they show a refusal", () => {
    for (const { name, route, body, answer } of EXAMPLES) {
      const row = OPERATIONS[route].body;
      if (body === null || row === null) continue;
      const { code, errors } = answer.body as { readonly code?: string; readonly errors?: readonly { code: string }[] };
      // What a URL may name is beyond what a schema says.
      const isSchemas = code === "validation_failed" && errors?.every((error) => error.code !== "invalid_url");
      expect(misfits(row.schema, body).length > 0, name).to.equal(isSchemas === true);
    }
  });

  it("compare members that they show", () => {
    for (const { name, same, answer } of EXAMPLES)
      for (const pointer of same) expect(valueAt(answer.body, pointer), `${name} ${pointer}`).not.to.equal(undefined);
  });

  it("name answers that were given before", () => {
    for (const [i, { path }] of EXAMPLES.entries()) {
      if (path === null || !("idOf" in path)) continue;
      expect(EXAMPLES.findIndex(({ name }) => name === path.idOf)).to.be.within(0, i - 1);
      expect(sampleOf(path)).to.match(/^(pay|ref|whe)_/);
    }
  });
});

describe("schemas of answers", () => {
  const payment = EXAMPLES.find(({ name }) => name === "card")?.answer.body as Readonly<Record<string, unknown>>;

  it("let members pass that joined later", () => expect(misfits(PAYMENT, { ...payment, joined: 1 })).to.deep.equal([]));

  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["an amount that is a text", { amount: "1999" }],
    ["an amount that is no integer", { amount: 19.99 }],
    ["a status that does not exist", { status: "paid" }],
    ["an id of something else", { id: "ref_01m819hbagek98p4926d25asjd" }],
    ["pending without its operation", { pending: {} }],
  ];
  for (const [what, change] of wrong)
    it(`refuse ${what}`, () => expect(misfits(PAYMENT, { ...payment, ...change })).not.to.deep.equal([]));
  it("refuse a problem whose code is not in the catalogue", () =>
    expect(
      misfits(PROBLEM, { type: "", title: "", status: 400, detail: "", code: "x", request_id: "", retryable: false }),
    ).not.to.deep.equal([]));
});

describe("component schemas", () => {
  it("write a titled schema once and refer to it everywhere", () => {
    const schemas = new ComponentSchemas();
    expect(schemas.inline(PAYMENT)).to.deep.equal({ $ref: "#/components/schemas/Payment" });
    schemas.inline(REFUND);
    expect(Object.keys(schemas.toJson())).to.deep.equal(["Dispute", "Failure", "Payment", "Pending", "Refund"]);
  });
  it("refuse two schemas of one name", () => {
    const schemas = new ComponentSchemas();
    schemas.refer("Same", PAYMENT);
    expect(() => schemas.refer("Same", REFUND)).to.throw("two schemas are called Same");
  });
});
