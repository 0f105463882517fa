/** From what the schema found to the stable words of `errors[]`: a table, so that the library's words stay inside. */
import type { FieldError } from "../actors/domain/index.ts";
import { pointerSegment } from "./strict-json.ts";

/** As the validator reports it. `instancePath`: a JSON pointer to the member that is wrong. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
}

interface Reason {
  readonly code: string;
  readonly detail: string;
}

const TOO_MANY: Reason = { code: "too_many", detail: "There are too many members." };
const REASONS: Readonly<Record<string, Reason>> = {
  type: { code: "invalid_type", detail: "The type is wrong." },
  enum: { code: "invalid_value", detail: "The value is not one of the allowed ones." },
  pattern: { code: "invalid_text", detail: "The text holds characters that are not allowed." },
  maxLength: { code: "too_long", detail: "The text is too long." },
  minLength: { code: "too_short", detail: "The text is empty or too short." },
  maxProperties: TOO_MANY,
  maxItems: TOO_MANY,
  minItems: { code: "too_few", detail: "There are too few members." },
  uniqueItems: { code: "duplicate_value", detail: "A value stands twice." },
  boolean: { code: "unknown_field", detail: "The field is not known." },
};
const MISSING: Reason = { code: "missing_field", detail: "The field is required." };
const INVALID_CURRENCY: Reason = { code: "invalid_currency", detail: "The currency is not one that we take." };
const INVALID_KEY: Reason = { code: "invalid_key", detail: "A key has 1 to 40 characters, none of them [ or ]." };

/** Most members that an object of ours may have; to explain each of thousands would cost a tenth of a second. */
const MEMBERS_MAX = 50;

/** What is wrong with `body`, in the validator's order. `findErrors` asks the validator; it runs on bodies of sane size. */
export function describeErrors(
  body: Readonly<Record<string, unknown>>,
  findErrors: () => readonly SchemaError[],
): FieldError[] {
  const crowded = ["", "/customer", "/metadata", "/event_types"].filter((pointer) => {
    const value = pointer === "" ? body : body[pointer.slice(1)];
    return typeof value === "object" && value !== null && Object.keys(value).length > MEMBERS_MAX;
  });
  if (crowded.length > 0) return crowded.map((pointer) => ({ pointer, ...TOO_MANY }));
  return findErrors().flatMap((error): FieldError[] => {
    if (error.keyword === "additionalProperties") return []; // said once per member by `boolean`
    if (error.keyword === "required") {
      const { requiredProperties } = error.params as { readonly requiredProperties: readonly string[] };
      return requiredProperties.map((name) => ({ pointer: error.instancePath + pointerSegment(name), ...MISSING }));
    }
    return [{ pointer: cutSegments(error.instancePath), ...reasonOf(error, body) }];
  });
}

function reasonOf(error: SchemaError, body: Readonly<Record<string, unknown>>): Reason {
  if (error.keyword === "boolean" && error.instancePath.startsWith("/metadata/")) return INVALID_KEY;
  if (error.keyword === "enum") {
    const value = memberAt(body, error.instancePath);
    if (typeof value !== "string") return REASONS["type"] as Reason;
    if (error.instancePath === "/currency") return INVALID_CURRENCY;
  }
  return REASONS[error.keyword] ?? { code: "invalid_value", detail: "The value is not valid." };
}

/** Names of members with values out of a list hold no escapes. */
const memberAt = (body: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>>)[name], body);

/** The pointer with its names cut to a readable length (they are the sender's). */
const cutSegments = (pointer: string): string =>
  pointer
    .split("/")
    .slice(1)
    .map((segment) => pointerSegment(segment.replaceAll("~1", "/").replaceAll("~0", "~")))
    .join("");
