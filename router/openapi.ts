/**
 * `GET /openapi.json`: OpenAPI 3.1 from the tables that serve: routes, the schemas that validate, refusals, scopes.
 * Nothing is described twice, so nothing can differ.
 */
import { REFUSALS, type RefusalCode } from "../actors/domain/index.ts";
import type { ApiExample } from "./openapi-example.ts";
import { EXAMPLES, sampleOf } from "./openapi-examples.ts";
import type { AnswerRow, HeaderName, OperationRow } from "./openapi-operation.ts";
import { OPERATIONS } from "./openapi-operations.ts";
import { ComponentSchemas, type Json, type JsonObject } from "./openapi-schemas.ts";
import { describeWebhooks } from "./openapi-webhooks.ts";
import { PROBLEM } from "./response-schemas.ts";
import { type Route, ROUTES } from "./routes.ts";
import type { Scope } from "./scopes.ts";

/** Version of the API in paths, events and this document. */
const API_VERSION = "1.0.0";

const SCOPE_MEANINGS: { readonly [S in Scope]: string } = {
  "payments:read": "Read payments, refunds and idempotency keys.",
  "payments:write": "Create, capture and cancel payments.",
  "refunds:write": "Create refunds.",
  "balances:read": "Read balances.",
  "events:read": "Read events.",
  "webhooks:write": "Manage webhook endpoints.",
};

const header = (description: string, example: string): JsonObject => ({
  description,
  schema: { type: "string" },
  example,
});
const HEADERS: { readonly [N in HeaderName | "Request-Id"]: JsonObject } = {
  "Request-Id": header("Names the request in our logs; send it to support.", "req_a41c9e0b7d52f8366e0f1a2b"),
  Location: header(
    "Path of the object to read until its outcome is known.",
    `/v1/payments/pay_01m819j8m0ek9864926d25asgn`,
  ),
  "Retry-After": header("Seconds after which the same request is worth sending again.", "5"),
  "Idempotent-Replayed": header("true: the answer is the stored one of an earlier request with this key.", "true"),
  RateLimit: header("What is left of the merchant's limit (r) and seconds until more is (t).", '"merchant";r=42;t=1'),
  "RateLimit-Policy": header("The merchant's limit: requests (q) in a window of seconds (w).", '"merchant";q=100;w=1'),
};

const KEY_PARAMETERS: { readonly [name: string]: JsonObject } = {
  IdempotencyKey: {
    name: "X-Idempotency-Key",
    in: "header",
    required: true,
    description:
      "1 to 255 visible ASCII characters: a new one for each purchase, made before the first try and kept on every retry. Idempotency-Key is an alias.",
    schema: { type: "string", pattern: "^[!-~]{1,255}$" },
    example: "order-1001",
  },
};

export interface OpenApiOptions {
  /** URL of the service as clients see it, without a trailing slash. */
  readonly serverUrl: string;
}
export type OpenApiDocument = JsonObject;

/** The whole document, plain JSON. */
export function openApiDocument({ serverUrl }: OpenApiOptions): OpenApiDocument {
  const schemas = new ComponentSchemas();
  schemas.refer("Problem", PROBLEM);
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of ROUTES) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = describeOperation(route, OPERATIONS[route.name], schemas);
  }
  const webhooks = describeWebhooks(schemas);
  const tags = [...new Set(Object.values(OPERATIONS).map(({ tag }) => tag))];
  return {
    openapi: "3.1.0",
    info: {
      title: "Payments",
      version: API_VERSION,
      description:
        "Takes card and wallet payments and charges each accepted request at most once. The manual is at /docs.",
    },
    servers: [{ url: serverUrl }],
    security: [{ oauth2: [] }],
    tags: tags.map((name) => ({ name })),
    paths,
    webhooks,
    components: {
      schemas: schemas.toJson(),
      headers: HEADERS,
      parameters: KEY_PARAMETERS,
      securitySchemes: {
        oauth2: {
          type: "oauth2",
          flows: { clientCredentials: { tokenUrl: `${serverUrl}/oauth/token`, scopes: SCOPE_MEANINGS } },
        },
        client: { type: "http", scheme: "basic", description: "Client id and secret." },
      },
    },
    "x-error-codes": REFUSALS,
  };
}

function describeOperation(route: Route, row: OperationRow, schemas: ComponentSchemas): Json {
  const examples = EXAMPLES.filter((example) => example.route === route.name);
  const parameters = describeParameters(route, row, examples, schemas);
  return {
    operationId: route.name,
    tags: [row.tag],
    summary: row.summary,
    description: row.description,
    security: securityOf(route),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...describeBody(row, examples, schemas),
    responses: { ...describeAnswers(row, examples, schemas), ...describeRefusals(row, examples) },
  };
}

function securityOf(route: Route): Json {
  if (route.name === "token") return [{ client: [] }, {}];
  return route.scope === null ? [] : [{ oauth2: [route.scope] }];
}

function describeParameters(
  route: Route,
  row: OperationRow,
  examples: readonly ApiExample[],
  schemas: ComponentSchemas,
): readonly Json[] {
  const inPath = /\{(\w+)\}/.exec(route.path)?.[1];
  const value = examples.map(({ path }) => path).find((path) => path !== null);
  return [
    ...(inPath === undefined
      ? []
      : [
          {
            name: inPath,
            in: "path",
            required: true,
            description: row.path ?? "",
            schema: { type: "string", maxLength: inPath === "id" ? 64 : 765 },
            ...(value === undefined ? {} : { example: sampleOf(value) }),
          },
        ]),
    ...(row.keyed ? [{ $ref: "#/components/parameters/IdempotencyKey" }] : []),
    ...row.query.map(({ name, schema }) => {
      const { description = "", ...rest } = schemas.inline(schema) as JsonObject;
      const used = examples.find(({ answer, query }) => answer.status < 400 && query[name] !== undefined)?.query[name];
      const sample = used !== undefined && rest["type"] === "integer" ? Number(used) : used;
      return { name, in: "query", description, schema: rest, ...(sample === undefined ? {} : { example: sample }) };
    }),
  ];
}

function describeBody({ body }: OperationRow, examples: readonly ApiExample[], schemas: ComponentSchemas): JsonObject {
  if (body === null) return {};
  const shown = examples.filter((example) => example.body !== null);
  const content = {
    schema: schemas.refer(body.name, body.schema),
    ...(shown.length === 0 ? {} : { examples: named(shown, (example) => example.body as Json) }),
  };
  return { requestBody: { required: body.required, content: { [body.contentType]: content } } };
}

const named = (examples: readonly ApiExample[], value: (example: ApiExample) => Json): JsonObject =>
  Object.fromEntries(examples.map((example) => [example.name, { summary: example.summary, value: value(example) }]));

const headerRefs = (names: readonly HeaderName[]): JsonObject =>
  Object.fromEntries(["Request-Id", ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const answeredWith = (examples: readonly ApiExample[], status: number): JsonObject => {
  const shown = examples.filter(({ answer }) => answer.status === status && answer.body !== null);
  return shown.length === 0 ? {} : { examples: named(shown, ({ answer }) => answer.body as Json) };
};

function describeAnswers(row: OperationRow, examples: readonly ApiExample[], schemas: ComponentSchemas): JsonObject {
  const describe = ({ status, contentType, schema, description, headers }: AnswerRow): JsonObject => {
    const content =
      schema === null
        ? { schema: { type: "string" } }
        : { schema: schemas.inline(schema), ...answeredWith(examples, status) };
    return {
      description,
      headers: headerRefs(headers),
      ...(contentType === null ? {} : { content: { [contentType]: content } }),
    };
  };
  return Object.fromEntries(row.answers.map((answer) => [String(answer.status), describe(answer)]));
}

/** Refusals by status: codes of one status share an entry, which lists them. */
function describeRefusals({ refusals, keyed }: OperationRow, examples: readonly ApiExample[]): JsonObject {
  const statuses = [...new Set(refusals.map((code) => REFUSALS[code].status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = refusals.filter((code) => REFUSALS[code].status === status);
      return [
        String(status),
        {
          description:
            codes.map((code) => `${code}: ${REFUSALS[code].title}.`).join(" ") +
            (keyed && status === 503 ? UNKNOWN : ""),
          headers: headerRefs(codes.some(mayBeSentAgain) ? ["Retry-After"] : []),
          content: {
            "application/problem+json": {
              schema: { $ref: "#/components/schemas/Problem" },
              ...answeredWith(examples, status),
            },
          },
          "x-error-codes": codes,
        },
      ];
    }),
  );
}

/** Of requests that change something: the one refusal that does not say that nothing was done. */
const UNKNOWN =
  " After a commit of unknown fate it may still be carried out: repeat it with the same key, never with a new one.";

const mayBeSentAgain = (code: RefusalCode): boolean => REFUSALS[code].retryable;
