/** What an operator asks of a node, and what comes back: JSON, so that any tool can read it. Members are only ever added. */
/** Why an operation was not done: names of `payctl`'s exit codes. */
export const ADMIN_EXITS = ["usage", "notFound", "auth", "conflict", "timeOut", "other"] as const;
export type AdminExit = (typeof ADMIN_EXITS)[number];

export interface AdminQuestion {
  /** A row of the table in `operations.ts`. */
  readonly operation: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Why; what changes something needs it. */
  readonly reason: string | null;
  /** Another node handed it on: it goes no further. */
  readonly forwarded: boolean;
}

export interface AdminRefusal {
  readonly ok: false;
  readonly exit: AdminExit;
  readonly message: string;
}

/** `items` are shown to people and scripts as they are: snake_case, times in RFC 3339 UTC, 64-bit numbers as text. */
export interface AdminFinding {
  readonly ok: true;
  readonly kind: string;
  readonly items: readonly object[];
  /** Commands to go on with. */
  readonly nextSteps: readonly string[];
  /** What a person should know of this answer, such as nodes that did not answer. */
  readonly notes: readonly string[];
  /** Whose view it is, and of when. */
  readonly node: string;
  readonly at: string;
}
export type AdminAnswer = AdminFinding | AdminRefusal;

/** Questions are short; the answer about a busy actor is not. */
export const QUESTION_MAX_BYTES = 16_384;
export const ANSWER_MAX_BYTES = 4_194_304;
export const refused = (exit: AdminExit, message: string): AdminRefusal => ({ ok: false, exit, message });

/** 64-bit numbers go as text: JSON readers would round them. */
export const encodeJson = (value: unknown): Buffer =>
  Buffer.from(JSON.stringify(value, (_, member: unknown) => (typeof member === "bigint" ? String(member) : member)));

/** The answer in these bytes; a refusal when they are none: the other side may be of another release. */
export function decodeAnswer(bytes: Uint8Array): AdminAnswer {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString("utf8")) as Partial<AdminFinding> | AdminRefusal;
    if (value.ok === true && Array.isArray(value.items) && typeof value.kind === "string")
      return { nextSteps: [], notes: [], node: "", at: "", ...value } as AdminFinding;
    if (value.ok === false && typeof value.message === "string")
      return { ...value, exit: ADMIN_EXITS.find((exit) => exit === value.exit) ?? "other" };
  } catch {
    // said below
  }
  return refused("other", "the node answered something that is no answer");
}
