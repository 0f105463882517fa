/** From the schemas that validate to the components of a document: each titled one stands there once, by name. */
import type { TSchema } from "typebox";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };
export type JsonObject = { readonly [member: string]: Json };

/** A member that should be an object; anything else counts as empty. */
export const objectOf = (json: Json | undefined): JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json) ? (json as JsonObject) : {};
export const listOf = (json: Json | undefined): readonly Json[] => (Array.isArray(json) ? json : []);
export const textOf = (json: Json | undefined): string => (typeof json === "string" ? json : "");

/** Collects components while references to them are written. */
export class ComponentSchemas {
  readonly #byName = new Map<string, Json>();

  /** `{$ref}` to a schema, which becomes a component under `name`. Throws when two schemas want one name. */
  refer(name: string, schema: TSchema): JsonObject {
    const { title: _, ...rest } = toJson(schema) as JsonObject;
    const written = this.#write(rest);
    const before = this.#byName.get(name);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(written))
      throw new Error(`two schemas are called ${name}`);
    this.#byName.set(name, written);
    return { $ref: `#/components/schemas/${name}` };
  }

  /** A schema in place, with references to the titled ones in it. */
  inline(schema: TSchema): Json {
    return this.#write(toJson(schema));
  }

  /** By name, in alphabetical order. */
  toJson(): JsonObject {
    return Object.fromEntries([...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #write(value: Json): Json {
    if (Array.isArray(value)) return value.map((item: Json) => this.#write(item));
    if (value === null || typeof value !== "object") return value;
    const schema = value as JsonObject;
    if (typeof schema["title"] === "string") return this.refer(schema["title"], schema);
    const members = Object.entries(schema).map(([name, member]) => [name, this.#write(member)] as const);
    return { ...typeOfEnum(schema), ...Object.fromEntries(members) };
  }
}

/** Generators of clients want the type of an enumeration beside its values. */
const typeOfEnum = ({ enum: values }: JsonObject): JsonObject =>
  Array.isArray(values) && values.every((value) => typeof value === "string") ? { type: "string" } : {};

/** Without the hidden members of the library. */
const toJson = (schema: TSchema): Json => JSON.parse(JSON.stringify(schema)) as Json;
