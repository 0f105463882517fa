/**
 * Words of the domain as smallint codes: the position in the domain's table. Frozen by what is on disk: words are
 * appended, never moved. `schema.test.ts` compares the codes with the names and checks in the migrations.
 */
import {
  CAPTURE_METHODS,
  FACT_KINDS,
  GATEWAY_NAMES,
  LEDGER_ACCOUNTS,
  LEDGER_KINDS,
  OPERATION_KINDS,
  OPERATION_STATES,
  PAYMENT_STATUSES,
} from "../actors/domain/index.ts";

/** One table of words. */
export interface Codes<W extends string> {
  readonly words: readonly W[];
  code(word: W): number;
  /** Throws on a code that is not in the table: the row was written by a newer release or by hand. */
  word(code: number): W;
}

function codesOf<W extends string>(what: string, words: readonly W[]): Codes<W> {
  const codes = new Map(words.map((word, code) => [word, code]));
  return {
    words,
    code(word) {
      const code = codes.get(word);
      if (code === undefined) throw new Error(`no code for ${what} ${word}`);
      return code;
    },
    word(code) {
      const word = words[code];
      if (word === undefined) throw new Error(`no ${what} has code ${code}`);
      return word;
    },
  };
}

export const STATUS = codesOf("status", PAYMENT_STATUSES);
export const FACT = codesOf("fact", FACT_KINDS);
export const OPERATION_KIND = codesOf("operation kind", OPERATION_KINDS);
export const OPERATION_STATE = codesOf("operation state", OPERATION_STATES);
export const GATEWAY = codesOf("gateway", GATEWAY_NAMES);
export const CAPTURE_METHOD = codesOf("capture method", CAPTURE_METHODS);
export const LEDGER_ACCOUNT = codesOf("ledger account", LEDGER_ACCOUNTS);
export const LEDGER_KIND = codesOf("ledger kind", LEDGER_KINDS);
