/** The client's types from the OpenAPI document: what is served is what is typed. Pure: text out. */
import type { OpenApiDocument } from "../openapi.ts";
import { type JsonObject, listOf, objectOf, textOf } from "../openapi-schemas.ts";

/** Name of a list in the types: the member of the component whose enumeration it is. */
const LISTS: Readonly<Record<string, readonly [component: string, member: string, type: string]>> = {
  ERROR_CODES: ["Problem", "code", "ErrorCode"],
  EVENT_TYPES: ["Event", "type", "EventType"],
  PAYMENT_STATUSES: ["Payment", "status", "PaymentStatus"],
  REFUND_STATUSES: ["Refund", "status", "RefundStatus"],
};

const HEAD = `// biome-ignore-all format: generated
/** What the API takes and answers. Generated from its OpenAPI document by write-types.ts; edit nothing here. */
`;

/** The whole file. */
export function generateTypes(document: OpenApiDocument): string {
  const schemas = objectOf(objectOf(document["components"])["schemas"]);
  const operations = operationsOf(document);
  const lists = Object.entries(LISTS).map(([name, [component, member, type]]) => {
    const schema = objectOf(objectOf(objectOf(schemas[component])["properties"])[member]);
    if (schema["enum"] === undefined) throw new Error(`${component}.${member} is no enumeration`);
    return {
      name,
      type,
      union: typeText(schema, ""),
      values: listOf(schema["enum"]).map((value) => JSON.stringify(value)),
    };
  });
  const parts = [
    ...Object.entries(schemas).map(([name, schema]) => declaration(name, objectOf(schema))),
    ...operations.filter(({ query }) => query.length > 0).map(queryDeclaration),
    routesDeclaration(operations),
  ];
  const named = lists.reduce(
    (text, { type, union }) => text.replaceAll(`(${union})`, type).replaceAll(union, type),
    parts.join("\n"),
  );
  const listParts = lists.map(
    ({ name, type, values }) =>
      `export const ${name} = [\n${values.map((value) => `  ${value},\n`).join("")}] as const;\nexport type ${type} = (typeof ${name})[number];\n`,
  );
  return `${HEAD}\n${[...listParts, named].join("\n")}`;
}

interface OperationFacts {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly keyed: boolean;
  readonly query: readonly JsonObject[];
}

function operationsOf(document: OpenApiDocument): readonly OperationFacts[] {
  return Object.entries(objectOf(document["paths"])).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).map(([method, json]) => {
      const operation = objectOf(json);
      const parameters = listOf(operation["parameters"]).map(objectOf);
      return {
        id: textOf(operation["operationId"]),
        method: method.toUpperCase(),
        path,
        keyed: parameters.some((parameter) => parameter["$ref"] === "#/components/parameters/IdempotencyKey"),
        query: parameters.filter((parameter) => parameter["in"] === "query"),
      };
    }),
  );
}

const declaration = (name: string, schema: JsonObject): string => {
  const about = typeof schema["description"] === "string" ? `/** ${schema["description"]} */\n` : "";
  const members = membersOf(schema, "  ");
  return `${about}${members === "" ? `export type ${name} = ${typeText(schema, "")};\n` : `export interface ${name} {\n${members}}\n`}`;
};

function membersOf(schema: JsonObject, indent: string): string {
  const required = new Set(listOf(schema["required"]));
  return Object.entries(objectOf(schema["properties"]))
    .map(([name, json]) => {
      const member = objectOf(json);
      return memberText(name, required.has(name), member, indent);
    })
    .join("");
}

const memberText = (name: string, isRequired: boolean, schema: JsonObject, indent: string): string => {
  const about = typeof schema["description"] === "string" ? `${indent}/** ${schema["description"]} */\n` : "";
  const spelled = /^[a-z_]\w*$/i.test(name) ? name : JSON.stringify(name);
  return `${about}${indent}readonly ${spelled}${isRequired ? "" : "?"}: ${typeText(schema, indent)};\n`;
};

const PLAIN: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

/** The type that a schema describes. Throws on one that it cannot say: then nothing is written. */
function typeText(schema: JsonObject, indent: string): string {
  const { $ref: ref, enum: values, const: value, anyOf, type, items, properties, patternProperties } = schema;
  if (typeof ref === "string") return ref.split("/").pop() ?? "";
  if (values !== undefined)
    return listOf(values)
      .map((one) => JSON.stringify(one))
      .join(" | ");
  if (value !== undefined) return JSON.stringify(value);
  if (anyOf !== undefined)
    return listOf(anyOf)
      .map((one) => typeText(objectOf(one), indent))
      .join(" | ");
  if (type === "array") {
    const item = typeText(objectOf(items), indent);
    return `readonly ${item.includes("|") ? `(${item})` : item}[]`;
  }
  if (properties !== undefined && Object.keys(objectOf(properties)).length === 0)
    return "Readonly<Record<string, never>>";
  if (properties !== undefined) return `{\n${membersOf(schema, `${indent}  `)}${indent}}`;
  if (patternProperties !== undefined) {
    const [of] = Object.values(objectOf(patternProperties));
    return `Readonly<Record<string, ${typeText(objectOf(of), indent)}>>`;
  }
  if (type === undefined) return "unknown";
  const plain = PLAIN[textOf(type)];
  if (plain === undefined) throw new Error(`no type for ${JSON.stringify(schema)}`);
  return plain;
}

const pascal = (id: string): string => id.replaceAll(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());

const queryDeclaration = ({ id, query }: OperationFacts): string => {
  const members = query.map((parameter) => {
    const schema = { ...objectOf(parameter["schema"]), description: parameter["description"] ?? "" };
    return memberText(textOf(parameter["name"]), false, schema, "  ");
  });
  return `export interface ${pascal(id)}Query {\n${members.join("")}}\n`;
};

const routesDeclaration = (operations: readonly OperationFacts[]): string => {
  const rows = operations.map(
    ({ id, method, path, keyed }) =>
      `  ${id}: { method: ${JSON.stringify(method)}, path: ${JSON.stringify(path)}, keyed: ${keyed} },\n`,
  );
  return `/** Every route. \`keyed\`: its requests carry an idempotency key. */\nexport const ROUTES = {\n${rows.join("")}} as const;\nexport type RouteName = keyof typeof ROUTES;\n`;
};
