/** Reads a query strictly: known parameters, each at most once, percent-encoding without a fault. */
import { type FieldError, type Refusal, refuse } from "../actors/domain/index.ts";

/** A parameter that is wrong: `pointer` is its name. */
export const refuseParameter = (name: string, code: string, detail: string): Refusal => {
  const errors: readonly FieldError[] = [{ pointer: cut(name), code, detail }];
  return refuse("invalid_parameter", detail, { errors });
};

/** A name may be the sender's own, and goes back into an answer. */
const cut = (name: string): string => (name.length > 64 ? `${name.slice(0, 63)}…`.toWellFormed() : name);

/** Visible ASCII: whatever else is meant must be percent-encoded. */
const SPELLED = /^[!-~]*$/;

/** The text that a part of a URL stands for; undefined: the encoding is broken, or hides bytes that are no UTF-8. */
export function decodePercent(text: string): string | undefined {
  if (!SPELLED.test(text)) return undefined;
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The parameters of `query` (without its `?`), of which only those in `known` may stand there. `+` is a space, as in forms. */
export function readQuery(query: string, known: readonly string[]): ReadonlyMap<string, string> | Refusal {
  const found = new Map<string, string>();
  if (query === "") return found;
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    const name = decodePercent(equals < 0 ? part : part.slice(0, equals));
    if (name === undefined) return refuseParameter("", "invalid_encoding", "A parameter's name is not encoded well.");
    if (!known.includes(name)) return refuseParameter(name, "unknown_parameter", "The parameter is not known here.");
    if (found.has(name)) return refuseParameter(name, "duplicate_parameter", "The parameter stands twice.");
    const value = equals < 0 ? "" : decodePercent(part.slice(equals + 1).replaceAll("+", "%20"));
    if (value === undefined) return refuseParameter(name, "invalid_encoding", "The parameter is not encoded well.");
    found.set(name, value);
  }
  return found;
}
