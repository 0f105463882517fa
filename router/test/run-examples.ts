/**
 * Sends the examples of the documents to a server and compares: status, headers, the schema of the answer, the members,
 * and the values that are the same in every run.
 */
import { expect } from "chai";
import type { TSchema } from "typebox";
import { Errors } from "typebox/value";
import { PROBLEM } from "../response-schemas.ts";
import type { ApiExample, PathValue } from "../openapi-example.ts";
import { OPERATIONS } from "../openapi-operations.ts";
import { ROUTES, type RouteName } from "../routes.ts";

export interface ExampleTarget {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Appended to each key: a server that ran the examples before must not replay them. */
  readonly keySuffix: string;
}
/** Answers by the name of their example. */
export type Answers = Map<string, unknown>;

/** Schema of a route's answer with that status; null: it is no JSON. Throws when the document has none. */
export function answerSchema(route: RouteName, status: number): TSchema | null {
  const { answers, refusals } = OPERATIONS[route];
  const row = answers.find((answer) => answer.status === status);
  if (row !== undefined) return row.schema;
  if (status >= 400 && refusals.length > 0) return PROBLEM;
  throw new Error(`${route} does not answer ${status}`);
}

/** What a value has against a schema; empty: it fits. */
export const misfits = (schema: TSchema, value: unknown): readonly string[] =>
  Errors(schema, value).map(({ instancePath, message }) => `${instancePath}: ${message}`);

/** The value at a JSON pointer; undefined where nothing is. */
export const valueAt = (json: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | null | undefined)?.[name], json);

/** Runs one example. The answers that its path names must have been given before. Throws what chai throws. */
export async function runExample(example: ApiExample, target: ExampleTarget, answers: Answers): Promise<void> {
  const { route, answer: expected } = example;
  const token = valueAt(answers.get("token"), "/access_token") as string | undefined;
  const response = await fetch(urlOf(example, target, answers), requestOf(example, target, token));
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).to.equal(expected.status);
  expect(response.headers.get("Request-Id")).to.match(/^req_/);
  for (const name of Object.keys(expected.headers)) expect(response.headers.get(name), name).not.to.equal(null);
  const schema = answerSchema(route, expected.status);
  if (schema === null) {
    const row = OPERATIONS[route].answers.find(({ status }) => status === expected.status);
    expect(response.headers.get("Content-Type")?.split(";")[0] ?? null).to.equal(row?.contentType);
    expect(text === "").to.equal(row?.contentType === null);
    return;
  }
  expect(response.headers.get("Content-Type")).to.equal(
    expected.status >= 400 ? "application/problem+json" : "application/json",
  );
  const body: unknown = JSON.parse(text);
  answers.set(example.name, body);
  expect(misfits(schema, body)).to.deep.equal([]);
  expect(membersOf(body)).to.deep.equal(membersOf(expected.body));
  for (const pointer of example.same)
    expect(valueAt(body, pointer), pointer).to.deep.equal(valueAt(expected.body, pointer));
}

/** Names of the members, without those that extend the document. */
const membersOf = (json: unknown): readonly string[] =>
  Object.keys(json as object)
    .filter((name) => !name.startsWith("x-"))
    .sort();

function urlOf({ route, path, query }: ApiExample, target: ExampleTarget, answers: Answers): string {
  const row = ROUTES.find(({ name }) => name === route);
  const segment = path === null ? "" : encodeURIComponent(segmentOf(path, target, answers));
  const search = new URLSearchParams(query).toString();
  return `${target.baseUrl}${row?.path.replace(/\{\w+\}/, segment)}${search === "" ? "" : `?${search}`}`;
}

function segmentOf(path: PathValue, { keySuffix }: ExampleTarget, answers: Answers): string {
  if ("text" in path) return path.text;
  if ("key" in path) return path.key + keySuffix;
  const id = valueAt(answers.get(path.idOf), "/id");
  if (typeof id !== "string") throw new Error(`${path.idOf} was not answered with an id`);
  return id;
}

function requestOf(example: ApiExample, target: ExampleTarget, token: string | undefined): RequestInit {
  const { authorization, key, body, route } = example;
  const basic = Buffer.from(`${target.clientId}:${target.clientSecret}`).toString("base64");
  const isForm = OPERATIONS[route].body?.contentType === "application/x-www-form-urlencoded";
  return {
    method: ROUTES.find(({ name }) => name === route)?.method ?? "GET",
    headers: {
      ...(authorization === "bearer" ? { Authorization: `Bearer ${token}` } : {}),
      ...(authorization === "basic" ? { Authorization: `Basic ${basic}` } : {}),
      ...(key === null ? {} : { "X-Idempotency-Key": key + target.keySuffix }),
      ...(body === null || isForm ? {} : { "Content-Type": "application/json" }),
    },
    body: body === null ? null : isForm ? new URLSearchParams(body as Record<string, string>) : JSON.stringify(body),
  };
}
