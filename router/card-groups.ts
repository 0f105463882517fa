/**
 * How digits stand in a text: in groups with separators between them, and beside words. It decides whether somebody
 * wrote a card number there, or whether neighbours only look like one: ids in hex, dates, lists, sums.
 */
import { isLetter, isUsualSeparator, ZERO } from "./card-characters.ts";

/** "4111 - 1111": at most this many separators between two digits of one number. */
export const MAX_GAP = 3;

/** Groups of digits of an ASCII text, with one to three separators between two of them. */
export class GroupChain {
  readonly text: string;
  readonly digits: number[] = [];
  /** Where in `digits` each group begins. */
  readonly starts: number[] = [];
  /** Where in the text each group begins. */
  readonly #begins: number[] = [];
  #end = -1;

  constructor(text: string) {
    this.text = text;
  }

  /** The next digit, at `at` in the text: of the same group when it follows at once. */
  add(at: number, digit: number): void {
    if (at !== this.#end) {
      this.starts.push(this.digits.length);
      this.#begins.push(at);
    }
    this.digits.push(digit);
    this.#end = at + 1;
  }

  /** Digits of group `n`; 0: there is no such group. */
  lengthOf(n: number): number {
    const start = this.starts[n];
    return start === undefined ? 0 : (this.starts[n + 1] ?? this.digits.length) - start;
  }
  beginOf(n: number): number {
    return this.#begins[n] as number;
  }
  endOf(n: number): number {
    return this.beginOf(n) + this.lengthOf(n);
  }
  /** What stands before group `n`; empty for the first. */
  gapBefore(n: number): string {
    return n <= 0 || n >= this.starts.length ? "" : this.text.slice(this.endOf(n - 1), this.beginOf(n));
  }
}

/** Two groups, one longer than six digits, that people do write; others (a date in an order number) are no card's. */
const LONG_GROUPINGS = new Set(["8,8", "6,13", "6,10"]);
/** How numbers stand on cards: the only groupings that count where any other character stands between the groups. */
const PRINTED_GROUPINGS = new Set(["4,4,4,4", "4,4,4,4,1", "4,4,4,4,2", "4,4,4,4,3", "4,6,5", "4,6,4", "4,4,5"]);

/** True when the groups from `first` up to `next`, without that, stand there as people write a card number. */
export function isWrittenSo(chain: GroupChain, first: number, next: number): boolean {
  if (next - first === 1) return !isInHexWord(chain, first);
  if (touchesLetters(chain, first, next)) return false;
  const lengths = Array.from({ length: next - first }, (_, i) => chain.lengthOf(first + i));
  if (hasUsualSeparators(chain, first, next)) return Math.max(...lengths) <= 6 || LONG_GROUPINGS.has(lengths.join());
  return PRINTED_GROUPINGS.has(lengths.join()) && !isPartOfList(chain, first, next);
}

function hasUsualSeparators(chain: GroupChain, first: number, next: number): boolean {
  for (let n = first + 1; n < next; n++)
    for (let i = chain.endOf(n - 1); i < chain.beginOf(n); i++)
      if (!isUsualSeparator(chain.text.charCodeAt(i))) return false;
  return true;
}

/** A list goes on on both sides, or on one with a group just like these: prices, years, sizes. */
function isPartOfList(chain: GroupChain, first: number, next: number): boolean {
  const goesOnBefore = chain.gapBefore(first) === chain.gapBefore(first + 1);
  const goesOnBehind = chain.gapBefore(next) === chain.gapBefore(next - 1);
  return (
    (goesOnBefore && goesOnBehind) ||
    (goesOnBefore && chain.lengthOf(first - 1) === chain.lengthOf(first)) ||
    (goesOnBehind && chain.lengthOf(next) === chain.lengthOf(next - 1))
  );
}

/** Longest word that is looked at whole. */
const WORD_MAX = 128;

/** A digit or a letter of ASCII. */
const isOfWord = (code: number): boolean => isLetter(code) || (code >= ZERO && code <= ZERO + 9);

/** Where the word around `[begin, end)` begins and ends, as far as that is near. */
function wordAround(text: string, begin: number, end: number): string {
  let from = begin;
  while (from > 0 && begin - from <= WORD_MAX && isOfWord(text.charCodeAt(from - 1))) from--;
  let to = end;
  while (to < text.length && to - end <= WORD_MAX && isOfWord(text.charCodeAt(to))) to++;
  return text.slice(from, to);
}

const HEX = /^(?:[0-9a-f]+|[0-9A-F]+)$/;

/** The digits are part of an id in hex: it has letters too, and whole bytes, two or more of them at a time. */
function isInHexWord(chain: GroupChain, n: number): boolean {
  const word = wordAround(chain.text, chain.beginOf(n), chain.endOf(n));
  const { length } = word;
  return length > chain.lengthOf(n) && length % 4 === 0 && length <= WORD_MAX && HEX.test(word);
}

/** An edge of the groups is inside a word, as in ids of any kind, unless it is a word of its own: "Visa4111 1111 …". */
function touchesLetters(chain: GroupChain, first: number, next: number): boolean {
  const { text } = chain;
  const begin = chain.beginOf(first);
  const end = chain.endOf(next - 1);
  const before = isLetter(text.charCodeAt(begin - 1)) && !PROSE.test(wordAround(text, begin, begin));
  return before || (isLetter(text.charCodeAt(end)) && !PROSE.test(wordAround(text, end, end)));
}
/** The word with the digits of its group on one side, and of nothing else: letters, one of them no digit of hex. */
const PROSE = /^(?:\d+(?=[A-Za-z]*[G-Zg-z])[A-Za-z]+|(?=[A-Za-z]*[G-Zg-z])[A-Za-z]+\d+)$/;
