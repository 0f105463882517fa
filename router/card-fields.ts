/** Looks through a body for card data: in names, in texts and in numbers, however deep (design §9). */
import { holdsCardNumber, isCardField } from "./card-data.ts";
import * as schemas from "./schemas.ts";
import { pointerSegment } from "./strict-json.ts";

/** Names that need no look: our own. */
const OWN_FIELDS: ReadonlySet<string> = new Set(
  [
    schemas.CREATE_PAYMENT,
    schemas.CAPTURE_PAYMENT,
    schemas.CANCEL_PAYMENT,
    schemas.CREATE_REFUND,
    schemas.CREATE_WEBHOOK_ENDPOINT,
    schemas.RESEND_EVENT,
  ].flatMap((schema) => Object.keys(schema.properties)),
);

/**
 * Pointer to the first member that holds card data. A member whose name is a card number is not named. Recursion ends
 * by the depth limit of the JSON reader.
 */
export const findCardData = (body: object): string | undefined => findIn(body, false);

function findIn(value: object, inMetadata: boolean): string | undefined {
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (!OWN_FIELDS.has(name)) {
      if (holdsCardNumber(name)) return "";
      if (isCardField(name, inMetadata)) return pointerSegment(name);
    }
    if (typeof member === "string") {
      if (holdsCardNumber(member)) return pointerSegment(name);
    } else if (typeof member === "number") {
      if (name !== "amount" && holdsCardNumber(String(member))) return pointerSegment(name);
    } else if (typeof member === "object" && member !== null) {
      const found = findIn(member, inMetadata || name === "metadata");
      if (found !== undefined) return pointerSegment(name) + found;
    }
  }
  return undefined;
}
