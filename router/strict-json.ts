/**
 * JSON as strict as money needs: valid UTF-8, one object, no key twice, bounded depth, no lone surrogate, and the
 * exact text of numbers (`JSON.parse` keeps the last of two keys and rounds silently).
 * `JSON.parse` does the parsing; writing the value again, or one scan over the text, finds what it hides.
 */
import { Buffer, isAscii, isUtf8 } from "node:buffer";

/** Deeper than any request of ours; a body of 30,000 arrays ends here, before anything recurses. */
export const MAX_DEPTH = 32;

export type StrictJson =
  | {
      readonly kind: "object";
      readonly value: Readonly<Record<string, unknown>>;
      /** Text of the numbers that are members of the object itself, as they were written. */
      readonly numberTexts: ReadonlyMap<string, string>;
    }
  | { readonly kind: "invalid"; readonly reason: string }
  /** `pointer`: JSON pointer of the member that stands twice. */
  | { readonly kind: "duplicate"; readonly pointer: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const NUMBER_AT = /-?[0-9.eE+-]+/y;

/** A JSON pointer's segment. Long names are cut: a pointer goes back into an answer. */
export function pointerSegment(name: string): string {
  const cut = name.length > 64 ? `${name.slice(0, 63)}…`.toWellFormed() : name;
  return `/${cut.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Reads `body`. Never throws and never quotes the body: it may hold what must not be logged. */
export function parseStrictObject(body: Uint8Array): StrictJson {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let text: string;
  if (isAscii(bytes)) text = bytes.toString("latin1");
  else if (isUtf8(bytes)) text = bytes.toString("utf8");
  else return { kind: "invalid", reason: "The body is not UTF-8." };
  let value: unknown;
  try {
    value = JSON.parse(text); // refuses a byte order mark, trailing text and raw control characters
  } catch {
    return { kind: "invalid", reason: "The body is not JSON." };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { kind: "invalid", reason: "The body is not a JSON object." };
  const numberTexts = new Map<string, string>();
  if (isAsWritten(value as Readonly<Record<string, unknown>>, text, numberTexts))
    return { kind: "object", value: value as Readonly<Record<string, unknown>>, numberTexts };
  numberTexts.clear();
  const fault = scan(text, numberTexts);
  return fault ?? { kind: "object", value: value as Readonly<Record<string, unknown>>, numberTexts };
}

/**
 * True for a flat value whose text JSON.stringify would write again, byte for byte: then no key stood twice, and each
 * number is in the text as it prints. Most clients send such bodies, and two native calls cost less than a scan.
 * Without an escape there is no surrogate that UTF-8 could not carry either. Fills `numberTexts`.
 */
function isAsWritten(
  value: Readonly<Record<string, unknown>>,
  text: string,
  numberTexts: Map<string, string>,
): boolean {
  if (text.includes("\\")) return false;
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (typeof member === "number") numberTexts.set(key, String(member));
    else if (typeof member === "object" && member !== null)
      for (const inner of Object.values(member)) if (typeof inner === "object" && inner !== null) return false;
  }
  return JSON.stringify(value) === text;
}

/** An open object or array; `keys` is null for an array. */
interface Frame {
  readonly keys: Set<string> | null;
  /** The member whose value is open. */
  key: string;
}

/** Walks JSON text that `JSON.parse` took. Fills `numberTexts`; returns what is wrong, if anything is. */
function scan(text: string, numberTexts: Map<string, string>): StrictJson | undefined {
  const frames: Frame[] = [];
  const mayHoldSurrogates = text.includes("\\u");
  let frame: Frame = { keys: null, key: "" };
  let keyNext = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfString(text, i);
      if (mayHoldSurrogates && !isWellFormed(text, i, end))
        return { kind: "invalid", reason: "The body holds a lone surrogate." };
      if (keyNext) {
        const key = decodeString(text, i, end);
        const keys = frame.keys as Set<string>; // a key follows only `{` or a comma inside an object
        frame.key = key;
        if (keys.has(key)) return { kind: "duplicate", pointer: pointerOf(frames) };
        keys.add(key);
        keyNext = false;
      }
      i = end;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (frames.length === MAX_DEPTH) return { kind: "invalid", reason: `The body nests over ${MAX_DEPTH} levels.` };
      keyNext = code === OPEN_BRACE;
      frame = { keys: keyNext ? new Set() : null, key: "" };
      frames.push(frame);
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      keyNext = false;
      frames.pop();
      frame = frames.at(-1) ?? frame;
    } else if (code === COMMA) {
      keyNext = frame.keys !== null;
    } else if (frames.length === 1 && (code === MINUS || (code >= ZERO && code <= NINE))) {
      NUMBER_AT.lastIndex = i;
      const number = NUMBER_AT.exec(text)?.[0] ?? "";
      numberTexts.set(frame.key, number);
      i += number.length - 1;
    }
  }
  return undefined;
}

/** Index of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (text.charCodeAt(end - 1) === BACKSLASH) {
    let slashes = 1;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) break; // each slash escapes the next: the quote is free
    end = text.indexOf('"', end + 1);
  }
  return end;
}

function decodeString(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
}

const isWellFormed = (text: string, start: number, end: number): boolean =>
  decodeString(text, start, end).isWellFormed();

/** Path of the open members. Array indexes are not kept: they are written as `-`. */
const pointerOf = (frames: readonly Frame[]): string =>
  frames.map((frame) => (frame.keys === null ? "/-" : pointerSegment(frame.key))).join("");
