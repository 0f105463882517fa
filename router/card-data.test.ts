import { expect } from "chai";
import fc from "fast-check";
import { holdsCardNumber, isCardField } from "./card-data.ts";
import { CARD_NUMBERS, LEGITIMATE_IDS } from "./test/numeric-ids.ts";
import { RANDOM_IDS, RANDOM_TEXTS, seededBytes } from "./test/random-texts.ts";
import { quickestMs } from "./test/quickest.ts";

describe("card data", () => {
  for (const text of CARD_NUMBERS) it(`finds ${text}`, () => expect(holdsCardNumber(text)).to.equal(true));
  for (const text of LEGITIMATE_IDS) it(`lets ${text} pass`, () => expect(holdsCardNumber(text)).to.equal(false));

  for (const [kind, make] of Object.entries(RANDOM_IDS))
    it(`lets every ${kind} pass`, () => {
      const random = seededBytes(7);
      for (let i = 0; i < 50_000; i++) {
        const text = make(random);
        if (holdsCardNumber(text)) expect.fail(`${text} was taken for a card number`);
      }
    });

  for (const [kind, make] of Object.entries(RANDOM_TEXTS))
    it(`lets nearly every text with ${kind} pass`, () => {
      const random = seededBytes(11);
      const hits = Array.from({ length: 20_000 }, () => make(random)).filter(holdsCardNumber);
      expect(hits, hits.slice(0, 5).join("\n")).to.have.lengthOf.below(20); // under 0.1 %
    });

  it("lets every present time pass", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_500_000_000, max: 2_100_000_000 }), fc.nat(999_999), (s, us) => {
        const digits = `${s}${String(us).padStart(6, "0")}`;
        return !holdsCardNumber(digits) && !holdsCardNumber(digits.slice(0, 13));
      }),
    );
  });

  it("finds a Visa number between words, whatever separators stand in it", () => {
    const separator = fc.constantFrom("", " ", "-", ".", " - ", "\u2009", "\u00a0", "/", ", ", " | ", "\u00b7", ")(");
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99_999_999_999_999 }),
        separator,
        fc.constantFrom("", "ref ", "x:"),
        (rest, between, before) => {
          const body = `4${String(rest).padStart(14, "0")}`;
          const number = body + luhnDigit(body);
          return holdsCardNumber(`${before}${number.match(/.{4}/g)?.join(between)}, thanks`);
        },
      ),
    );
  });

  it("finds no number whose check digit is wrong", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999_999_999 }), fc.integer({ min: 1, max: 9 }), (rest, off) => {
        const body = `4${String(rest).padStart(14, "0")}`;
        return !holdsCardNumber(body + ((luhnDigit(body) + off) % 10));
      }),
    );
  });

  it("is quick on the worst text that a body can hold", () => {
    for (const unit of ["4 ", "4111 ", "4111,", "4", "４ ", "𝟒,", "4   ", "41111111111111112 ", "4111111111111111a"]) {
      const text = unit.repeat(65_536 / unit.length);
      expect(
        quickestMs(() => holdsCardNumber(text)),
        unit,
      ).to.be.below(250); // about 20 ms
    }
  });

  const fields: readonly (readonly [name: string, inMetadata: boolean, isCard: boolean])[] = [
    ["card_number", true, true],
    ["cardNumber", true, true],
    ["CC-Number", true, true],
    ["pan", true, true],
    ["PAN", false, true],
    ["cvv", true, true],
    ["cvc2", true, true],
    ["card_cvc", true, true],
    ["securityCode", true, true],
    ["track_2", true, true],
    ["number", false, true],
    ["number", true, false],
    ["room_number", false, false],
    ["order_number", false, false],
    ["company", false, false],
    ["span", false, false],
    ["card_brand", false, false],
    ["x".repeat(1000), false, false],
  ];
  for (const [name, inMetadata, isCard] of fields)
    it(`${name.slice(0, 20)} ${inMetadata ? "in metadata " : ""}is ${isCard ? "a" : "no"} card field`, () =>
      expect(isCardField(name, inMetadata)).to.equal(isCard));
});

/** The digit that makes `body` pass, worked out the other way round: by trying. */
function luhnDigit(body: string): number {
  const sumOf = (digits: string): number =>
    digits
      .split("")
      .reverse()
      .reduce(
        (sum, digit, i) =>
          sum +
          String(Number(digit) * ((i % 2) + 1))
            .split("")
            .reduce((a, b) => a + Number(b), 0),
        0,
      );
  return [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((digit) => sumOf(body + digit) % 10 === 0) as number;
}
