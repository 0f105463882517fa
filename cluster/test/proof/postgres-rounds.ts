/**
 * What a client asks between two ReadyForQuery, and which of it counts. Left out, because they come when they like and
 * change nothing of a payment: lease renewals, the notes of doubts, the scan of keys, roll-ups, looks at the epoch,
 * activations. What counts: commits, and the look-ups that stand in the way of a request.
 */
import { boundName, type Frame, parsedName, tagOf } from "./postgres-frames.ts";

/** Names of prepared statements. */
const COUNTED = /^(commit_\w+|find_\w+)$/;
const COMMITS = /^commit_\w+$/;
/** Both stand in every transaction and tell nothing of it. */
const FRAMING: ReadonlySet<string> = new Set(["begin", "commit"]);

export class Round {
  /** Of the statement that says what it is about; undefined: not known yet, or in the background. */
  name: string | undefined;
  isDecided = false;
  /** The statement that locks the lease has been passed on. */
  lockPassed = false;
  /** Parameters of all that was bound. */
  readonly binds: Buffer[] = [];
  #bound = "";

  get isCommit(): boolean {
    return this.name !== undefined && COMMITS.test(this.name);
  }

  /** Reads a client's message of this round. `isDecided` tells afterwards whether it is known what the round is about. */
  read(frame: Frame): void {
    if (frame.type === "B") this.binds.push(frame.bytes);
    if (this.isDecided) return;
    const name = frame.type === "P" ? parsedName(frame) : frame.type === "B" ? boundName(frame) : undefined;
    if (name === undefined ? !ENDS.has(frame.type) : FRAMING.has(name)) return;
    this.isDecided = true;
    if (name !== undefined && COUNTED.test(name)) this.name = name;
  }

  /** What a client's message is called; null: it does not count. Called once for each, when it is passed on. */
  sent(frame: Frame): string | null {
    if (frame.type === "B") this.#bound = boundName(frame);
    if (frame.type === "E" && this.isCommit && this.#bound === this.name) this.lockPassed = true;
    if (this.name === undefined) return null;
    switch (frame.type) {
      case "P":
        return `Parse ${this.#of(parsedName(frame))}`;
      case "B":
        return `Bind ${this.#of(this.#bound)}`;
      case "E":
        return `Execute ${this.#of(this.#bound)}`;
      case "S":
        return `Sync of ${this.name}`;
      case "D":
        return `Describe of ${this.name}`;
      default:
        return `${frame.type} of ${this.name}`;
    }
  }

  /** What a server's message is called; null: it does not count. */
  answered(frame: Frame): string | null {
    if (this.name === undefined) return null;
    const name = SERVER_WORDS[frame.type] ?? frame.type;
    return frame.type === "C" ? `${name} ${tagOf(frame)} of ${this.name}` : `${name} of ${this.name}`;
  }

  #of(statement: string): string {
    return statement === this.name ? statement : `${statement.toUpperCase()} of ${this.name}`;
  }
}

/** Sync, a simple query, a farewell: nothing more is said of the round. */
const ENDS: ReadonlySet<string> = new Set(["S", "Q", "X"]);
/** After these the server owes a ReadyForQuery. */
export const endsRound = ({ type }: Frame): boolean => type === "S" || type === "Q";

const SERVER_WORDS: Readonly<Record<string, string>> = {
  "1": "ParseComplete",
  "2": "BindComplete",
  C: "CommandComplete",
  D: "DataRow",
  E: "ErrorResponse",
  T: "RowDescription",
  Z: "ReadyForQuery",
};
