/**
 * Finds card numbers and card fields, so that neither is ever accepted, stored or logged (design §9).
 * A card number: 13 to 19 digits that begin like an issuer's, have that issuer's length and pass Luhn; separators
 * and full-width digits do not hide it. Runs on decoded values, so JSON escapes do not hide it either.
 * It does not look for a number inside a longer run of digits: order numbers would be hit by chance.
 */

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
/** "4111 - 1111": at most this many separators between two digits of one number. */
const MAX_GAP = 3;

/** Kind of a character: 0 to 9 a digit, SEPARATOR, or OTHER. */
const SEPARATOR = 10;
const OTHER = 11;
const SEPARATORS = new Set(" -._\u00a0\u00ad\u200b\u2060\u3000\ufeff\uff0d\uff0e\u2212\u30fb".split(""));
const KIND_OF_ASCII = Uint8Array.from({ length: 128 }, (_, code) => wideKindOf(code));

const kindOf = (code: number): number => (code < 128 ? (KIND_OF_ASCII[code] as number) : wideKindOf(code));

function wideKindOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0xff10 && code <= 0xff19) return code - 0xff10; // full-width
  if (code >= 0x0660 && code <= 0x0669) return code - 0x0660; // Arabic-Indic
  if (code >= 0x06f0 && code <= 0x06f9) return code - 0x06f0;
  if (code >= 0x2000 && code <= 0x2015) return SEPARATOR; // spaces and dashes of every width
  return SEPARATORS.has(String.fromCharCode(code)) ? SEPARATOR : OTHER;
}

/**
 * True when `text` holds a card number. A number covers 13 characters in a row that are digits or separators, so it
 * is enough to look at every thirteenth, and to search only around those that are one.
 */
export function holdsCardNumber(text: string): boolean {
  for (let at = MIN_DIGITS - 1; at < text.length; at += MIN_DIGITS) {
    if (kindOf(text.charCodeAt(at)) === OTHER) continue;
    let from = at;
    while (from > 0 && kindOf(text.charCodeAt(from - 1)) !== OTHER) from--;
    while (at < text.length && kindOf(text.charCodeAt(at)) !== OTHER) at++;
    if (at - from >= MIN_DIGITS && searchGroups(text, from, at)) return true;
  }
  return false;
}

/** Collects chains of digit groups with only separators between them, and asks each chain. */
function searchGroups(text: string, from: number, to: number): boolean {
  let chain: number[] = [];
  let starts: number[] = []; // where in `chain` each group begins
  let gap = MAX_GAP + 1;
  for (let i = from; i < to; i++) {
    const kind = kindOf(text.charCodeAt(i));
    if (kind === SEPARATOR) {
      gap++;
      continue;
    }
    if (gap > MAX_GAP) {
      if (holdsNumber(chain, starts)) return true;
      chain = [];
      starts = [];
    }
    if (gap > 0) starts.push(chain.length);
    chain.push(kind);
    gap = 0;
  }
  return holdsNumber(chain, starts);
}

/** Two groups, one longer than six digits, that people do write; others (a date in an order number) are no card's. */
const LONG_GROUPINGS = new Set(["8,8", "6,13", "6,10"]);

/** A number begins where a group begins and ends where a group ends. Linear in the digits: a number has at most 19. */
function holdsNumber(chain: readonly number[], starts: readonly number[]): boolean {
  for (let first = 0; first < starts.length; first++) {
    const from = starts[first] as number;
    if (chain.length - from < MIN_DIGITS) return false;
    const lengths = lengthsOfIssuer(chain, from);
    if (lengths === 0) continue;
    let longest = 0;
    for (let next = first + 1, end = from; next <= starts.length; next++) {
      const begin = end;
      end = starts[next] ?? chain.length;
      if (end - from > MAX_DIGITS) break;
      longest = Math.max(longest, end - begin);
      if (((lengths >> (end - from)) & 1) === 0) continue;
      const groups = next - first;
      const written =
        groups === 1 || longest <= 6 || (groups === 2 && LONG_GROUPINGS.has(`${begin - from},${end - begin}`));
      if (written && isCardNumber(chain, from, end)) return true;
    }
  }
  return false;
}

/** Lengths, as bits, that numbers have which begin like this one; 0: no issuer's number begins so. */
function lengthsOfIssuer(chain: readonly number[], from: number): number {
  let prefix = 0;
  for (let i = from; i < from + 6; i++) prefix = prefix * 10 + (chain[i] as number);
  for (const range of ISSUERS) if (prefix >= range.from && prefix <= range.to) return range.lengths;
  return 0;
}

/** Luhn, but for product codes: Visa stopped issuing 13 digits long ago, and EAN-13 of many countries begin with 4. */
const isCardNumber = (chain: readonly number[], from: number, to: number): boolean =>
  isSumOfTen(chain, from, to, 2, 9) && !(to - from === 13 && isSumOfTen(chain, from, to, 3, 27));

/**
 * Check digit by weights 1 and `weight` in turn, from the right. A product over `foldOver` loses 9, which sums its
 * digits: Luhn is (2, 9), EAN (3, 27: never).
 */
function isSumOfTen(chain: readonly number[], from: number, to: number, weight: number, foldOver: number): boolean {
  let sum = 0;
  for (let i = to - 1, odd = false; i >= from; i--, odd = !odd) {
    const product = (chain[i] as number) * (odd ? weight : 1);
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
