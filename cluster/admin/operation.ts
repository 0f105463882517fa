/** One row of the table of operations: who may ask for it, with which arguments, and what it does. */
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { OperatorRole } from "../../storage/index.ts";
import type { Asker } from "./asker.ts";
import { type AdminAnswer, type AdminQuestion, type AdminRefusal, refused } from "./question.ts";
import type { AdminWorld, ChangedBy } from "./world.ts";

/** A question on its way, seen by the operation that answers it. */
export interface AdminCall extends Asker {
  readonly world: AdminWorld;
  readonly nowMs: number;
  /** Another node handed the question on: nobody else is asked. */
  readonly isForwarded: boolean;
  /** Why, as the operator says it; null: nothing was said. */
  readonly reason: string | null;
  /**
   * Puts a question to another node in the name of the same operator, who still has time for the answer. `reason`: of a
   * change that the other node is to make. Never rejects.
   */
  ask(node: string, operation: string, args: AdminQuestion["arguments"], reason?: string | null): Promise<AdminAnswer>;
}

/** What an operation found; `nextSteps` and `notes` may be missing. */
export interface Found {
  readonly ok: true;
  readonly kind: string;
  readonly items: readonly object[];
  readonly nextSteps?: readonly string[];
  readonly notes?: readonly string[];
  /** Whose view it is; default: this node's. */
  readonly node?: string;
}

/** What an operation would change. `apply` null: only a rehearsal was asked for. */
export interface Change {
  readonly subject: string;
  /**
   * Leaves its trace in the same transaction, or before. False: it was so already. What was found instead of `found`, when
   * that is known only afterwards. Throws when it could not be done.
   */
  readonly apply: ((by: ChangedBy) => Promise<boolean | Found | AdminRefusal>) | null;
  readonly found: Found;
}

interface Parsed<Result> {
  readonly schema: TSchema;
  /** With arguments that the schema allows. */
  readonly run: (call: AdminCall, args: AdminQuestion["arguments"]) => Promise<Result | AdminRefusal>;
}
export type Operation =
  | ({ readonly role: Extract<OperatorRole, "read"> } & Parsed<Found>)
  | ({ readonly role: Extract<OperatorRole, "operate"> } & Parsed<Change | Found>);

/** An operation that changes nothing. */
export const look = <S extends TSchema>(
  schema: S,
  run: (call: AdminCall, args: Static<S>) => Promise<Found | AdminRefusal>,
): Operation => ({ role: "read", ...parsed(schema, run) });

/** An operation that changes something; the trace of it is written with it. `Found`: another node has done it. */
export const change = <S extends TSchema>(
  schema: S,
  run: (call: AdminCall, args: Static<S>) => Promise<Change | Found | AdminRefusal>,
): Operation => ({ role: "operate", ...parsed(schema, run) });

function parsed<S extends TSchema, Result>(
  schema: S,
  run: (call: AdminCall, args: Static<S>) => Promise<Result | AdminRefusal>,
): Parsed<Result> {
  const check = Compile(schema);
  return {
    schema,
    run: async (call, args) => {
      if (check.Check(args)) return await run(call, args);
      const faults = [...check.Errors(args)].map(({ instancePath, message, params }) => {
        const extra = "additionalProperties" in params ? `: ${String(params.additionalProperties)}` : "";
        return `${instancePath.slice(1) || "arguments"} ${message}${extra}`;
      });
      return refused("usage", `the arguments are refused: ${faults.join("; ")}`);
    },
  };
}
