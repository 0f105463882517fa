/** Reads what an operator asks. Apart from what clients need: they do not wait for a validator to be made. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { type AdminQuestion, type AdminRefusal, refused } from "./question.ts";

const REASON_MAX = 500;

const Question = Compile(
  Type.Object(
    {
      operation: Type.String({ minLength: 1, maxLength: 64 }),
      arguments: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
      reason: Type.Optional(Type.Union([Type.String({ maxLength: REASON_MAX }), Type.Null()])),
      forwarded: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
);

/** The question in these bytes, or why it is none. */
export function decodeQuestion(bytes: Uint8Array): AdminQuestion | AdminRefusal {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return refused("usage", "the question is not JSON");
  }
  if (!Question.Check(value)) {
    const [fault] = Question.Errors(value);
    return refused("usage", `the question is refused: ${fault?.instancePath ?? ""} ${fault?.message ?? ""}`.trim());
  }
  const { operation, reason, forwarded } = value;
  return {
    operation,
    arguments: value.arguments ?? {},
    reason: reason === undefined || reason === null || reason.trim() === "" ? null : reason.trim(),
    forwarded: forwarded ?? false,
  };
}
