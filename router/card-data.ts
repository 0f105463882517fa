/**
 * Finds card numbers and card fields, so that neither is ever accepted, stored or logged (design §9).
 * A card number: 13 to 19 digits that begin like an issuer's, have that issuer's length and pass Luhn; neither separators
 * nor the digits of other scripts hide it. Runs on decoded values, so JSON escapes do not hide it either.
 * It does not look for a number inside a longer run of digits: order numbers would be hit by chance.
 */
import { Buffer, isUtf8 } from "node:buffer";
import { GroupChain, isWrittenSo, MAX_GAP } from "./card-groups.ts";
import { isLetter, toAscii, ZERO } from "./card-characters.ts";

/** Numbers whose first six digits lie from `from` to `to`, both inclusive; bit n of `lengths`: they may have n digits. */
interface IssuerRange {
  readonly from: number;
  readonly to: number;
  readonly lengths: number;
}

const issuer = (from: string, to: string, lengths: readonly number[]): IssuerRange => ({
  from: Number(from.padEnd(6, "0")),
  to: Number(to.padEnd(6, "9")),
  lengths: lengths.reduce((bits, length) => bits | (1 << length), 0),
});
const SIXTEEN_TO_NINETEEN = [16, 17, 18, 19];
const THIRTEEN_TO_NINETEEN = [13, 14, 15, ...SIXTEEN_TO_NINETEEN];

/** Ranges of ISO/IEC 7812 as the networks publish them. The first range that fits decides. */
const ISSUERS: readonly IssuerRange[] = [
  issuer("4", "4", [13, 16, 18, 19]), // Visa; Dankort, Elo and Maestro under 4
  issuer("51", "55", [16]), // Mastercard
  issuer("2221", "2720", [16]), // Mastercard
  issuer("2200", "2204", SIXTEEN_TO_NINETEEN), // Mir
  issuer("34", "34", [15]), // American Express
  issuer("37", "37", [15]),
  issuer("300", "305", [14, ...SIXTEEN_TO_NINETEEN]), // Diners Club
  issuer("3095", "3095", [14, 16]),
  issuer("36", "36", [14, 15, ...SIXTEEN_TO_NINETEEN]),
  issuer("38", "39", [14, ...SIXTEEN_TO_NINETEEN]),
  issuer("3528", "3589", SIXTEEN_TO_NINETEEN), // JCB
  issuer("500", "509", THIRTEEN_TO_NINETEEN), // Maestro, Elo, Verve, RuPay
  issuer("56", "58", THIRTEEN_TO_NINETEEN), // Maestro
  issuer("60", "60", SIXTEEN_TO_NINETEEN), // Discover, RuPay, Hipercard
  issuer("62", "63", SIXTEEN_TO_NINETEEN), // UnionPay, Maestro
  issuer("644", "659", SIXTEEN_TO_NINETEEN), // Discover, RuPay, Verve
  issuer("67", "67", THIRTEEN_TO_NINETEEN), // Maestro
  issuer("810", "829", SIXTEEN_TO_NINETEEN), // UnionPay, RuPay
  issuer("9792", "9792", [16]), // Troy
];

const MIN_DIGITS = 13;
const MAX_DIGITS = 19;

/**
 * True when `text` holds a card number. A number covers 13 characters in a row that are no letters, so it is enough to
 * look at every thirteenth, and to search only around those that are none. Beyond ASCII each counts as one that may be.
 */
export function holdsCardNumber(text: string): boolean {
  for (let at = MIN_DIGITS - 1; at < text.length; at += MIN_DIGITS) {
    if (isLetter(text.charCodeAt(at))) continue;
    let from = at;
    while (from > 0 && !isLetter(text.charCodeAt(from - 1))) from--;
    while (at < text.length && !isLetter(text.charCodeAt(at))) at++;
    if (at - from < MIN_DIGITS) continue;
    if (!isAscii(text, from, at)) return holdsCardNumber(toAscii(text));
    if (holdsNumberBetween(text, from, at)) return true;
  }
  return false;
}

/** The same for a part of a URL, in which percent escapes may hide digits. A broken escape hides nothing beside it. */
export const holdsCardNumberEscaped = (text: string): boolean =>
  holdsCardNumber(text) || holdsCardNumber(unescape(text));

const unescape = (text: string): string =>
  text.replaceAll("+", " ").replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (escapes) => {
    const bytes = Buffer.from(escapes.replaceAll("%", ""), "hex");
    return bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
  });

function isAscii(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (text.charCodeAt(i) >= 128) return false;
  return true;
}

/** Looks at each chain of digit groups in a stretch without letters. */
function holdsNumberBetween(text: string, from: number, to: number): boolean {
  let chain = new GroupChain(text);
  let gap = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) {
      gap++;
      continue;
    }
    if (gap > MAX_GAP && chain.digits.length > 0) {
      if (holdsNumber(chain)) return true;
      chain = new GroupChain(text);
    }
    chain.add(i, digit);
    gap = 0;
  }
  return holdsNumber(chain);
}

/** A number begins where a group begins and ends where a group ends. Linear in the digits: a number has at most 19. */
function holdsNumber(chain: GroupChain): boolean {
  const { digits, starts } = chain;
  for (let first = 0; first < starts.length; first++) {
    const from = starts[first] as number;
    if (digits.length - from < MIN_DIGITS) return false;
    const lengths = lengthsOfIssuer(digits, from);
    if (lengths === 0) continue;
    for (let next = first + 1; next <= starts.length; next++) {
      const end = starts[next] ?? digits.length;
      if (end - from > MAX_DIGITS) break;
      const fits = ((lengths >> (end - from)) & 1) === 1;
      if (fits && isCardNumber(digits, from, end) && isWrittenSo(chain, first, next)) return true;
    }
  }
  return false;
}

/** Lengths, as bits, that numbers have which begin like this one; 0: no issuer's number begins so. */
function lengthsOfIssuer(digits: readonly number[], from: number): number {
  let prefix = 0;
  for (let i = from; i < from + 6; i++) prefix = prefix * 10 + (digits[i] as number);
  for (const range of ISSUERS) if (prefix >= range.from && prefix <= range.to) return range.lengths;
  return 0;
}

/** Luhn, but for product codes: Visa stopped issuing 13 digits long ago, and EAN-13 of many countries begin with 4. */
const isCardNumber = (digits: readonly number[], from: number, to: number): boolean =>
  isSumOfTen(digits, from, to, 2, 9) && !(to - from === 13 && isSumOfTen(digits, from, to, 3, 27));

/**
 * Check digit by weights 1 and `weight` in turn, from the right. A product over `foldOver` loses 9, which sums its
 * digits: Luhn is (2, 9), EAN (3, 27: never).
 */
function isSumOfTen(digits: readonly number[], from: number, to: number, weight: number, foldOver: number): boolean {
  let sum = 0;
  for (let i = to - 1, odd = false; i >= from; i--, odd = !odd) {
    const product = (digits[i] as number) * (odd ? weight : 1);
    sum += product > foldOver ? product - 9 : product;
  }
  return sum % 10 === 0;
}

/** Names of fields that carry card data whatever their value is. */
const CARD_FIELD =
  /^(?:(?:credit|debit)?[_-]?(?:card|cc)[_-]?(?:number|num|no|pan)|pan|primary[_-]?account[_-]?number|(?:card[_-]?)?(?:cvv2?|cvc2?|cav2|csc|cvn)|(?:card[_-]?)?(?:security|verification)[_-]?(?:code|value)|track[_-]?(?:1|2|data)|pin[_-]?block)$/i;

/** True for the name of a card field. `inMetadata`: there `number` may be a house number. */
export const isCardField = (name: string, inMetadata: boolean): boolean =>
  name.length <= 32 && (CARD_FIELD.test(name) || (!inMetadata && /^number$/i.test(name)));
