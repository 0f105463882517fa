/** The chapters of the manual that are tables of the OpenAPI document: routes, objects, errors, events. */
import { NEXT_STATUS, PAYMENT_STATUSES, REFUSALS } from "../actors/domain/index.ts";
import { type Chapter, code, type Html, html, paragraphs, pre, table, type TableRow } from "./docs-html.ts";
import { EVENT_TYPES, type EventType } from "./event-types.ts";
import type { OpenApiDocument } from "./openapi.ts";
import { type Json, type JsonObject, listOf, objectOf, textOf } from "./openapi-schemas.ts";

const objectsOf = (json: Json | undefined): readonly JsonObject[] => listOf(json).map(objectOf);
const show = (json: Json | undefined): Html => pre(JSON.stringify(json, null, 2));

/** Follows a reference into the document; anything else is itself. */
function resolve(document: OpenApiDocument, json: Json | undefined): JsonObject {
  const object = objectOf(json);
  const path = textOf(object["$ref"]);
  if (path === "") return object;
  return path
    .split("/")
    .slice(1)
    .reduce((at: JsonObject, name) => objectOf(at[name]), document);
}

const nameOf = (schema: JsonObject): string => textOf(schema["$ref"]).split("/").pop() ?? "";

/** The type of a member in words; objects of the document are links. */
function typeOf(schema: JsonObject): Html {
  const name = nameOf(schema);
  if (name !== "") return html`<a href="#object-${name}">${name}</a>`;
  if (Array.isArray(schema["anyOf"])) {
    const parts = objectsOf(schema["anyOf"]).map(typeOf);
    return html`${parts.map((part, i) => (i === 0 ? part : html` or ${part}`))}`;
  }
  if (Array.isArray(schema["enum"]))
    return html`${schema["enum"].map((value, i) => html`${i === 0 ? "" : " · "}${code(String(value))}`)}`;
  if (schema["const"] !== undefined) return code(JSON.stringify(schema["const"]));
  if (schema["type"] === "array") return html`list of ${typeOf(objectOf(schema["items"]))}`;
  const bounds = ["minimum", "maximum", "minLength", "maxLength", "maxProperties", "minItems", "maxItems", "default"]
    .filter((keyword) => schema[keyword] !== undefined)
    .map((keyword) => `${keyword} ${JSON.stringify(schema[keyword])}`);
  return html`${textOf(schema["type"]) || "any"}${bounds.length === 0 ? "" : html` <span class="soft">(${bounds.join(", ")})</span>`}`;
}

const describe = (schema: JsonObject): string =>
  textOf(schema["description"]) ||
  objectsOf(schema["anyOf"])
    .map(describe)
    .find((text) => text !== "") ||
  "";

/** One row for each member; members of nested objects without a name of their own follow with a dotted one. */
function memberRows(schema: JsonObject, prefix = ""): readonly TableRow[] {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  return Object.entries(objectOf(schema["properties"])).flatMap(([name, json]) => {
    const member = objectOf(json);
    const optional = required.has(name) ? "" : html` <span class="soft">optional</span>`;
    const own = { cells: [html`${code(prefix + name)}${optional}`, typeOf(member), describe(member)] };
    return [own, ...(member["properties"] === undefined ? [] : memberRows(member, `${prefix}${name}.`))];
  });
}

/** Each route with its parameters, body, answers and examples. */
export function routesChapter(document: OpenApiDocument): Chapter {
  const operations = Object.entries(objectOf(document["paths"])).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: objectOf(operation),
    })),
  );
  const body = operations.map(({ path, method, operation }) => {
    const anchor = textOf(operation["operationId"]);
    const security = objectsOf(operation["security"]);
    const scopes = security.flatMap((row) => (Array.isArray(row["oauth2"]) ? row["oauth2"].map(String) : []));
    const access = scopes.length > 0 ? html`Scope ${code(scopes.join(" "))}.` : "Needs no token.";
    return html`<h3 id="${anchor}"><span class="method ${method}">${method}</span> ${code(path)}</h3>
<p><strong>${textOf(operation["summary"])}.</strong> ${textOf(operation["description"])} <span class="soft">${access}</span></p>
${parametersOf(document, operation)}${bodyOf(document, operation)}${answersOf(operation)}`;
  });
  const parts = operations.map(({ operation }) => ({
    anchor: textOf(operation["operationId"]),
    title: textOf(operation["summary"]),
  }));
  return { anchor: "routes", title: "Routes", body: html`${body}`, parts };
}

function parametersOf(document: OpenApiDocument, operation: JsonObject): Html {
  const rows = objectsOf(operation["parameters"]).map((parameter): TableRow => {
    const row = resolve(document, parameter);
    return {
      cells: [
        html`${code(textOf(row["name"]))} <span class="soft">${textOf(row["in"])}</span>`,
        typeOf(objectOf(row["schema"])),
        textOf(row["description"]),
      ],
    };
  });
  return rows.length === 0 ? html`` : html`<h4>Parameters</h4>${table(["name", "type", "meaning"], rows)}`;
}

function bodyOf(document: OpenApiDocument, operation: JsonObject): Html {
  const request = objectOf(operation["requestBody"]);
  const [entry] = Object.entries(objectOf(request["content"]));
  if (entry === undefined) return html``;
  const [contentType, content] = entry;
  const schema = resolve(document, objectOf(content)["schema"]);
  return html`<h4>Body, ${contentType}${request["required"] === true ? "" : ", may be left out"}</h4>
${table(["member", "type", "meaning"], memberRows(schema))}${examplesOf("Request", objectOf(content))}`;
}

function answersOf(operation: JsonObject): Html {
  const responses = Object.entries(objectOf(operation["responses"]));
  const rows = responses.map(([status, json]): TableRow => {
    const response = objectOf(json);
    const codes = Array.isArray(response["x-error-codes"]) ? response["x-error-codes"].map(String) : [];
    const [content] = Object.values(objectOf(response["content"]));
    const links = html`${codes.map((name) => html`<a href="#${name}">${code(name)}</a> `)}`;
    return {
      cells: [
        code(status),
        typeOf(objectOf(objectOf(content)["schema"])),
        codes.length > 0 ? links : describe(response),
      ],
    };
  });
  const examples = responses.map(
    ([status, json]) =>
      html`${Object.values(objectOf(objectOf(json)["content"])).map((content) => examplesOf(status, objectOf(content)))}`,
  );
  return html`<h4>Answers</h4>${table(["status", "body", "meaning"], rows)}${examples}`;
}

const examplesOf = (label: string, content: JsonObject): Html =>
  html`${Object.values(objectOf(content["examples"])).map((json) => {
    const example = objectOf(json);
    return html`<details><summary>${label}: ${textOf(example["summary"])}</summary>${show(example["value"])}</details>`;
  })}`;

/** Every object of the document with its members. */
export function objectsChapter(document: OpenApiDocument): Chapter {
  const schemas = Object.entries(objectOf(objectOf(document["components"])["schemas"]));
  const body = schemas.map(([name, json]) => {
    const schema = objectOf(json);
    const about = textOf(schema["description"]);
    return html`<h3 id="object-${name}">${name}</h3>${about === "" ? "" : paragraphs(about)}
${table(["member", "type", "meaning"], memberRows(schema))}`;
  });
  const note = paragraphs("Members may join; ignore those that you do not know.");
  return { anchor: "objects", title: "Objects", body: html`${note}${body}` };
}

/** Every code under its own anchor, where a problem's `type` points. */
export function errorsChapter(): Chapter {
  const rows = Object.entries(REFUSALS).map(([name, { status, title, retryable }]): TableRow => {
    const again = retryable ? "yes, with the same key" : "no";
    return { anchor: name, cells: [code(name), String(status), title, again] };
  });
  return {
    anchor: "errors",
    title: "Errors",
    body: html`${paragraphs(
      html`Errors are ${code("application/problem+json")} (RFC 9457). Decide by ${code("code")}; ${code("detail")} is for
        people and may change. ${code("errors[]")} names each field that is wrong by its JSON pointer.`,
    )}${table(["code", "status", "meaning", "send it again?"], rows)}`,
  };
}

const EVENT_MEANINGS: { readonly [T in EventType]: string } = {
  "payment.pending": "Accepted: the gateway is asked.",
  "payment.processing": "The gateway has it and works on it.",
  "payment.in_doubt": "The gateway did not say how it ended; we go on asking.",
  "payment.needs_review": "A person looks at it.",
  "payment.authorized": "The amount is reserved.",
  "payment.captured": "The amount is taken.",
  "payment.failed": "The gateway refused, or was never reached: nothing was charged.",
  "payment.canceled": "What was reserved is released, or nothing was charged.",
  "payment.expired": "The reservation ran out.",
  "payment.late_authorized": "A payment that had ended was authorized after all; it is released.",
  "payment.late_captured": "A payment that had ended was charged after all; it is given back.",
  "payment.capture_requested": "A capture was accepted.",
  "payment.capture_failed": "The gateway refused the capture.",
  "payment.cancel_requested": "A cancel was accepted.",
  "payment.cancel_failed": "The gateway refused the cancel.",
  "payment.cancel_settled":
    "A cancel of a payment in doubt has nothing left to do: it was not charged, or all of it was given back and the payment is canceled.",
  "refund.created": "A refund was accepted.",
  "refund.processing": "The gateway has the refund and works on it.",
  "refund.in_doubt": "The gateway did not say how the refund ended; we go on asking.",
  "refund.needs_review": "A person looks at the refund.",
  "refund.succeeded": "The refund took place.",
  "refund.failed": "The gateway refused the refund.",
  "payment.capture_reversed":
    "The gateway took a capture back that had succeeded: the amount is not captured any more.",
  "refund.reversed": "A refund that had succeeded came back: the amount is with you again.",
  "dispute.updated": "The shopper's bank asks about the payment, or moved on with what it asked; no money moved.",
  "dispute.funds_withdrawn": "The disputed amount was taken until the dispute is decided.",
  "dispute.funds_reinstated": "The disputed amount was given back.",
  "dispute.lost": "The disputed amount is lost.",
};

/** Types of events, and the ways of a payment. */
export function eventsChapter(): Chapter {
  const types = EVENT_TYPES.map(
    (type): TableRow => ({ anchor: `event-${type}`, cells: [code(type), EVENT_MEANINGS[type]] }),
  );
  const ways = PAYMENT_STATUSES.map((from): TableRow => {
    const next = [...new Set(Object.values(NEXT_STATUS[from]))].filter((to) => to !== from);
    return { cells: [code(from), html`${next.map((to) => html`${code(to)} `)}`] };
  });
  return {
    anchor: "events",
    title: "Events and statuses",
    body: html`${paragraphs(
      html`Events are the payment's history, in the order in which it was stored; ${code("sequence")} has no gaps.`,
    )}${table(["type", "means"], types)}${paragraphs(
      html`A payment's status goes only these ways; a payment that ended leaves its end only when a gateway says that it
        was charged after all, which is then given back: it ends canceled. Refunds and disputes are amounts, not statuses. The tables that
        decide are served at ${code("/v1/meta/state-machine")}.`,
    )}${table(["from", "may become"], ways)}`,
  };
}
