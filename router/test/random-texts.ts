/** Texts that merchants send by the million, made by chance: none of them is a card number. */

/** Bytes that are the same for the same seed. Mulberry32: quick, and good enough to try things with. */
export function seededBytes(seed: number): (count: number) => Buffer {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (count) => {
    const bytes = Buffer.alloc(Math.ceil(count / 4) * 4);
    for (let i = 0; i < count; i += 4) bytes.writeUInt32BE(next(), i);
    return bytes.subarray(0, count);
  };
}

type Bytes = (count: number) => Buffer;
type Make = (bytes: Bytes) => string;

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const base32 = (bytes: Bytes, count: number): string =>
  Array.from(bytes(count), (byte) => CROCKFORD[byte & 31]).join("");
const hex =
  (byteCount: number): Make =>
  (bytes) =>
    bytes(byteCount).toString("hex");
const uuid =
  (version: string): Make =>
  (bytes) => {
    const text = bytes(16).toString("hex");
    const variant = "89ab"[bytes(1).readUInt8() & 3];
    return [
      text.slice(0, 8),
      text.slice(8, 12),
      version + text.slice(13, 16),
      variant + text.slice(17, 20),
      text.slice(20),
    ].join("-");
  };

export const RANDOM_IDS: { readonly [kind: string]: Make } = {
  "UUID of chance": uuid("4"),
  "UUID of time": (bytes) => `019${uuid("7")(bytes).slice(3)}`,
  "UUID behind a word": (bytes) => `order-${uuid("4")(bytes)}`,
  "pair of UUIDs": (bytes) => `${uuid("4")(bytes)}_${uuid("4")(bytes)}`,
  "UUID in capitals": (bytes) => uuid("4")(bytes).toUpperCase(),
  "id of 24 hex digits": hex(12),
  "id of 32 hex digits": hex(16),
  "id of 40 hex digits": hex(20),
  "id of 64 hex digits": hex(32),
  ULID: (bytes) => `01${base32(bytes, 24)}`,
  TypeID: (bytes) => `pay_01${base32(bytes, 24).toLowerCase()}`,
};

/** From `min` to `max`, both inclusive. */
const pick = (bytes: Bytes, min: number, max: number): number => min + (bytes(4).readUInt32BE() % (max - min + 1));
const oneOf = (bytes: Bytes, words: readonly string[]): string => words[pick(bytes, 0, words.length - 1)] ?? "";
const two = (bytes: Bytes, min: number, max: number): string => String(pick(bytes, min, max)).padStart(2, "0");
const list = (bytes: Bytes, max: number, separators: readonly string[], item: () => string): string =>
  Array.from({ length: pick(bytes, 2, max) }, item).join(oneOf(bytes, separators));
const number = (bytes: Bytes): string => String(pick(bytes, 0, 10 ** pick(bytes, 1, 6) - 1));
const date = (bytes: Bytes): string =>
  [String(pick(bytes, 1970, 2038)), two(bytes, 1, 12), two(bytes, 1, 28)].join(oneOf(bytes, ["-", "/", ".", "", " "]));
const time = (bytes: Bytes): string =>
  [two(bytes, 0, 23), two(bytes, 0, 59), two(bytes, 0, 59)].join(oneOf(bytes, [":", ".", "", "h"]));

export const RANDOM_TEXTS: { readonly [kind: string]: Make } = {
  "dates and times": (bytes) =>
    `${date(bytes)}${oneOf(bytes, [" ", "T", "_", ", "])}${time(bytes)}${oneOf(bytes, [",", ".", ":"])}${pick(bytes, 100, 999)}`,
  "spans of time": (bytes) => `${date(bytes)} ${time(bytes)} / ${date(bytes)} ${time(bytes)}`,
  telephones: (bytes) =>
    `+${pick(bytes, 1, 99)} (${pick(bytes, 0, 999)}) ${pick(bytes, 100, 9999)}${oneOf(bytes, ["-", "/", " "])}${pick(bytes, 1000, 99999)}`,
  sums: (bytes) => list(bytes, 3, ["+", " + ", "-", " = ", "*"], () => String(pick(bytes, 1, 9_999))),
  "lists of numbers": (bytes) => `[${list(bytes, 30, [",", ", ", ";", "|", "\n"], () => number(bytes))}]`,
  "lists of prices": (bytes) =>
    list(
      bytes,
      12,
      ["; ", " / ", "\n"],
      () => `${pick(bytes, 0, 9_999)}${oneOf(bytes, [",", "."])}${two(bytes, 0, 99)}`,
    ),
  "lists of postcodes": (bytes) => list(bytes, 12, [",", ", ", "\n"], () => String(pick(bytes, 10_000, 99_999))),
  "small JSON": (bytes) =>
    JSON.stringify({ items: Array.from({ length: pick(bytes, 1, 8) }, () => ({ n: pick(bytes, 1, 9_999) })) }),
  "addresses of machines": (bytes) =>
    `${list(bytes, 4, [", "], () => Array.from(bytes(4)).join("."))}:${pick(bytes, 1_024, 65_535)}`,
};
