/** Answers operators' questions: who asks, is it a question, may they, why, and do it. A change names who and why. */
import { assertNever } from "../../actors/domain/index.ts";
import type { Clock, Log } from "../../actors/index.ts";
import type { OperatorRecord } from "../../storage/index.ts";
import { type Asker, shareOf } from "./asker.ts";
import type { AdminCall, Change, Found } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import type { OperatorBook } from "./operator-book.ts";
import { type AdminAnswer, type AdminQuestion, type AdminRefusal, refused } from "./question.ts";
import { decodeQuestion } from "./read-question.ts";
import { type AdminWorld, timeOf } from "./world.ts";

export interface DeskParts {
  readonly world: AdminWorld;
  readonly operators: Pick<OperatorBook, "find">;
  readonly clock: Clock;
  readonly log: Log;
}

/** Questions that are being answered at once: a person asks one. */
const OPEN_MAX = 64;
const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/;

/** Whose question it is. */
interface From {
  readonly token: string;
  readonly asker: Asker;
}

export class AdminDesk {
  readonly #parts: DeskParts;
  #open = 0;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** `authorization`: the header's value. Never rejects. */
  async answer(bytes: Uint8Array, authorization: string | undefined, asker: Asker): Promise<AdminAnswer> {
    if (this.#open >= OPEN_MAX) return refused("other", "the node is asked too much at once; ask again");
    this.#open++;
    try {
      return await this.#answer(bytes, authorization, asker);
    } catch (error) {
      this.#parts.log.error({ reason: String(error) }, "an operator's question failed");
      return refused("other", `node ${this.#parts.world.node} failed: ${wordsOf(error)}`);
    } finally {
      this.#open--;
    }
  }

  async #answer(bytes: Uint8Array, authorization: string | undefined, asker: Asker): Promise<AdminAnswer> {
    const token = BEARER.exec(authorization ?? "")?.[1];
    if (token === undefined) return refused("auth", "an operator's token is needed");
    const operator = await this.#parts.operators.find(token);
    if (operator === "unknown")
      return refused("other", "the control database is away and this node knows no operator yet");
    if (operator === undefined) return refused("auth", "the operator's token is refused");
    const question = decodeQuestion(bytes);
    return "ok" in question ? question : await this.#do(question, operator, { token, asker });
  }

  async #do(question: AdminQuestion, operator: OperatorRecord, from: From): Promise<AdminAnswer> {
    const operation = OPERATIONS.get(question.operation);
    if (operation === undefined) return refused("usage", `there is no operation ${question.operation}`);
    const call = this.#callOf(question, from);
    if (operation.role === "operate" && operator.role !== "operate")
      return refused("auth", `operator ${operator.name} may only look; ${question.operation} changes something`);
    switch (operation.role) {
      case "read":
        return this.#finish(await operation.run(call, question.arguments));
      case "operate": {
        const planned = await operation.run(call, question.arguments);
        return "ok" in planned ? this.#finish(planned) : await this.#change(planned, question, operator, from.asker);
      }
      default:
        return assertNever(operation);
    }
  }

  async #change(change: Change, question: AdminQuestion, operator: OperatorRecord, asker: Asker): Promise<AdminAnswer> {
    const { subject, apply, found } = change;
    if (apply === null) return this.#finish(found);
    const { operation, reason } = question;
    if (reason === null) return refused("usage", `${operation} needs a reason: it is kept in the audit trail`);
    // A node that was frozen finds an old question: by now another node did it, or somebody wants the opposite.
    if (asker.leftMs() <= 0) return refused("timeOut", `nobody waits for ${operation} ${subject}: nothing was changed`);
    const { log } = this.#parts;
    const who = `operator:${operator.name}`;
    try {
      const told = await apply({ who, reason });
      const changed = typeof told === "boolean" ? told : told.ok;
      log.info({ operation, subject, who, changed }, "an operator asked for a change");
      if (typeof told !== "boolean") return this.#finish(told);
      const notes = changed ? [] : [`${subject}: it was so already`];
      return this.#finish({ ...found, notes: [...(found.notes ?? []), ...notes] });
    } catch (error) {
      log.error({ operation, subject, who, reason: String(error) }, "a change that an operator asked for failed");
      return refused("other", `${operation} ${subject} failed, look whether it was done: ${wordsOf(error)}`);
    }
  }

  #callOf(question: AdminQuestion, { token, asker }: From): AdminCall {
    const { world, clock } = this.#parts;
    return {
      world,
      nowMs: clock.nowMs(),
      isForwarded: question.forwarded,
      reason: question.reason,
      leftMs: () => asker.leftMs(),
      ask: async (node, operation, args, reason = null) =>
        question.forwarded
          ? refused("conflict", `node ${world.node} would have to ask ${node}: the nodes disagree on who owns what`)
          : await world.ask(
              node,
              { operation, arguments: args, reason, forwarded: true },
              token,
              shareOf(asker.leftMs()),
            ),
    };
  }

  /** An answer of another node keeps its own name and time. */
  #finish(found: Found | AdminRefusal): AdminAnswer {
    if (!found.ok) return found;
    const { world, clock } = this.#parts;
    return { nextSteps: [], notes: [], node: world.node, at: timeOf(clock.nowMs()), ...found };
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
