/**
 * Finds card numbers and card fields, so that neither is ever accepted, stored or logged (design §9).
 * A card number: 13 to 19 digits that begin like an issuer's, have that issuer's length and pass Luhn; separators
 * and full-width digits do not hide it. Runs on decoded values, so JSON escapes do not hide it either.
 * It does not look for a number inside a longer run of digits: order numbers would be hit by chance.
 */

/** Issuers by the first six digits (`from` to `to`, both inclusive) and the lengths that they use. */
interface IssuerRange {
  readonly from: number;
  readonly to: number;
  readonly lengths: readonly number[];
}

const issuer = (from: string, to: string, lengths: readonly number[]): IssuerRange => ({
  from: Number(from.padEnd(6, "0")),
  to: Number(to.padEnd(6, "9")),
  lengths,
});
const SIXTEEN_TO_NINETEEN = [16, 17, 18, 19];

/** Source: ISO/IEC 7812 ranges as the networks publish them; the first digits 1, 7 (but airline), 8 and 9 are rare. */
const ISSUERS: readonly IssuerRange[] = [
  issuer("4", "4", [13, 16, 18, 19]), // Visa, and Dankort, Elo and Maestro under 4
  issuer("51", "55", [16]), // Mastercard
  issuer("2221", "2720", [16]), // Mastercard, 2-series
  issuer("34", "34", [15]), // American Express
  issuer("37", "37", [15]),
  issuer("300", "305", [14, 16, 17, 18, 19]), // Diners Club
  issuer("3095", "3095", [14, 16]),
  issuer("36", "36", [14, 15, 16, 17, 18, 19]),
  issuer("38", "39", [14, 16, 17, 18, 19]),
  issuer("3528", "3589", SIXTEEN_TO_NINETEEN), // JCB
  issuer("6011", "6011", SIXTEEN_TO_NINETEEN), // Discover
  issuer("644", "659", SIXTEEN_TO_NINETEEN),
  issuer("62", "62", SIXTEEN_TO_NINETEEN), // UnionPay
  issuer("810", "817", SIXTEEN_TO_NINETEEN),
  issuer("2200", "2204", SIXTEEN_TO_NINETEEN), // Mir
  issuer("60", "60", [16]), // RuPay, Hipercard
  issuer("500", "509", [13, 14, 15, 16, 17, 18, 19]), // Maestro, Elo, Verve, RuPay
  issuer("56", "58", [13, 14, 15, 16, 17, 18, 19]), // Maestro
  issuer("63", "63", SIXTEEN_TO_NINETEEN),
  issuer("67", "67", [13, 14, 15, 16, 17, 18, 19]),
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

function kindOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0xff10 && code <= 0xff19) return code - 0xff10; // full-width
  if (code >= 0x0660 && code <= 0x0669) return code - 0x0660; // Arabic-Indic
  if (code >= 0x06f0 && code <= 0x06f9) return code - 0x06f0;
  if (code >= 0x2000 && code <= 0x2015) return SEPARATOR; // spaces and dashes of every width
  return SEPARATORS.has(String.fromCharCode(code)) ? SEPARATOR : OTHER;
}

/** True when `text` holds a card number. Costs one pass over the characters when it has fewer than 13 digits. */
export function holdsCardNumber(text: string): boolean {
  if (text.length < MIN_DIGITS) return false;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code >= 0x30 && code <= 0x39) || (code > 0x7f && kindOf(code) < 10)) digits++;
  }
  return digits >= MIN_DIGITS && searchGroups(text);
}

/** Collects chains of digit groups with only separators between them, and asks each chain. */
function searchGroups(text: string): boolean {
  let chain: number[] = [];
  let starts: number[] = []; // where in `chain` each group begins
  let gap = MAX_GAP + 1;
  for (let i = 0; i < text.length; i++) {
    const kind = kindOf(text.charCodeAt(i));
    if (kind < 10) {
      if (gap > MAX_GAP) {
        if (holdsNumber(chain, starts)) return true;
        chain = [];
        starts = [];
      }
      if (gap > 0) starts.push(chain.length);
      chain.push(kind);
      gap = 0;
    } else gap = kind === SEPARATOR ? gap + 1 : MAX_GAP + 1;
  }
  return holdsNumber(chain, starts);
}

/** A number begins where a group begins and ends where a group ends. */
function holdsNumber(chain: readonly number[], starts: readonly number[]): boolean {
  for (let first = 0; first < starts.length; first++) {
    const from = starts[first] as number;
    for (let next = first + 1; next <= starts.length; next++) {
      const to = starts[next] ?? chain.length;
      if (to - from > MAX_DIGITS) break;
      if (to - from < MIN_DIGITS || !isCardGrouping(starts.slice(first, next), to)) continue;
      if (isCardNumber(chain.slice(from, to))) return true;
    }
  }
  return false;
}

/** Groups longer than six digits that people do write; others (a date in an order number) are no card's. */
const LONG_GROUPINGS = new Set(["8,8", "6,13", "6,10"]);

/** Whether somebody would write a card in these groups. `to`: where the last one ends. */
function isCardGrouping(starts: readonly number[], to: number): boolean {
  if (starts.length === 1) return true;
  const sizes = starts.map((start, i) => (starts[i + 1] ?? to) - start);
  return sizes.every((size) => size <= 6) || LONG_GROUPINGS.has(sizes.join());
}

function isCardNumber(digits: readonly number[]): boolean {
  const prefix = digits.slice(0, 6).reduce((sum, digit) => sum * 10 + digit, 0);
  const issued = ISSUERS.some((r) => prefix >= r.from && prefix <= r.to && r.lengths.includes(digits.length));
  // Visa stopped issuing 13 digits long ago; product codes (EAN-13) of many countries begin with 4 and are everywhere.
  const productCode = digits.length === 13 && isWeightedSumOfTen(digits, 3, (n) => n);
  return issued && !productCode && isWeightedSumOfTen(digits, 2, (n) => (n > 9 ? n - 9 : n));
}

/** Luhn (weight 2, digits of the product summed) and EAN (weight 3, product as it is), counted from the right. */
function isWeightedSumOfTen(digits: readonly number[], weight: number, fold: (product: number) => number): boolean {
  let sum = 0;
  for (let i = digits.length - 1, odd = false; i >= 0; i--, odd = !odd) {
    const digit = digits[i] as number;
    sum += odd ? fold(digit * weight) : digit;
  }
  return sum % 10 === 0;
}

/** Names of fields that carry card data whatever their value is. */
const CARD_FIELD =
  /^(?:(?:credit|debit)?[_-]?(?:card|cc)[_-]?(?:number|num|no|pan)|pan|primary[_-]?account[_-]?number|(?:card[_-]?)?(?:cvv2?|cvc2?|cav2|csc|cvn)|(?:card[_-]?)?(?:security|verification)[_-]?(?:code|value)|track[_-]?(?:1|2|data)|pin[_-]?block)$/i;

/** True for the name of a card field. `inMetadata`: there `number` may be a house number. */
export const isCardField = (name: string, inMetadata: boolean): boolean =>
  name.length <= 32 && (CARD_FIELD.test(name) || (!inMetadata && /^number$/i.test(name)));
