/** What the search for card numbers sees in a character: a digit, a letter, or something that may stand between digits. */

export const ZERO = 0x30;

const IS_LETTER = Uint8Array.from({ length: 128 }, (_, code) => (/[A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0));

/** True for an ASCII letter. Of other scripts nothing is known before `toAscii`. */
export const isLetter = (code: number): boolean => code < 128 && IS_LETTER[code] === 1;

/** Separators that people put into card numbers, so common that any grouping by them counts. */
export const isUsualSeparator = (code: number): boolean =>
  code === 0x20 || code === 0x2d || code === 0x2e || code === 0x5f;

/** Spaces, dashes and points of other widths, and what is not seen at all: they stand for a usual separator. */
const USUAL_BEYOND_ASCII = /[\u00a0\u00ad\u2000-\u2015\u202f\u205f\u2060\u2212\u3000\u30fb\ufeff\uff0d\uff0e]/u;
const BEYOND_ASCII = /[^\0-\x7f]/gu;
const DIGIT = /\p{Nd}/u;
const LETTER = /\p{L}/u;

/**
 * The same text in ASCII, as far as the search cares: digits of any script as 0 to 9, letters as `x`, the rest as a
 * separator. Linear; each digit is worked out once.
 */
export const toAscii = (text: string): string => text.replace(BEYOND_ASCII, asciiOf);

function asciiOf(character: string): string {
  if (LETTER.test(character)) return "x";
  if (DIGIT.test(character)) return digitOf(character);
  return USUAL_BEYOND_ASCII.test(character) ? " " : "/";
}

/** Unicode has fewer than a thousand. */
const DIGITS = new Map<string, string>();

/** Unicode's digits stand in runs of ten, from 0 to 9, so how many stand before one says which it is. */
function digitOf(character: string): string {
  const known = DIGITS.get(character);
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  let first = code;
  while (DIGIT.test(String.fromCodePoint(first - 1))) first--;
  const digit = String((code - first) % 10);
  DIGITS.set(character, digit);
  return digit;
}
