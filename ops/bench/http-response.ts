/**
 * Reads one HTTP/1.1 answer out of bytes, as little of it as the generator needs: no strings, no objects. Only what
 * our own servers send is understood: a status line, headers, `Content-Length`, a body.
 */

const LENGTH = Buffer.from("content-length:");
const GATEWAY_TIME = Buffer.from("gateway-time-ms:");
const CONNECTION_CLOSE = Buffer.from("connection: close");
const CR = 13;
const LF = 10;
const SPACE = 32;
const DOT = 46;
const ZERO = 48;

/** One answer, written over by each call. Offsets are into the bytes that were read. */
export interface ResponseView {
  status: number;
  bodyStart: number;
  bodyEnd: number;
  /** The gateway's own time, milliseconds; -1 when the header is not there. */
  gatewayMs: number;
  closes: boolean;
}

export const makeResponseView = (): ResponseView => ({
  status: 0,
  bodyStart: 0,
  bodyEnd: 0,
  gatewayMs: -1,
  closes: false,
});

export type Verdict = "complete" | "partial" | "malformed";

/** True when the bytes at `at` spell `word` (lower case); upper case counts as lower. */
function spells(bytes: Uint8Array, at: number, end: number, word: Uint8Array): boolean {
  if (at + word.length > end) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[at + i] as number;
    if ((byte >= 65 && byte <= 90 ? byte | 32 : byte) !== word[i]) return false;
  }
  return true;
}

/** A decimal number such as `50` or `50.25`; -1 when there is none. */
function readNumber(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === SPACE) at++;
  let value = 0;
  let scale = 0;
  const first = at;
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === DOT && scale === 0) scale = 1;
    else if (byte >= ZERO && byte <= ZERO + 9) {
      value = value * 10 + (byte - ZERO);
      scale *= 10;
    } else break;
  }
  return at === first ? -1 : value / Math.max(1, scale);
}

/**
 * Reads the answer that begins at `from` into `view`. "partial": more bytes are needed, `view` means nothing yet;
 * "malformed": no answer of ours looks like this. The next answer, if any, begins at `view.bodyEnd`.
 */
export function readResponse(bytes: Uint8Array, from: number, end: number, view: ResponseView): Verdict {
  view.gatewayMs = -1;
  view.closes = false;
  let length = -1;
  let lineStart = from;
  for (let at = from; at < end; at++) {
    if (bytes[at] !== LF) continue;
    const lineEnd = at > from && bytes[at - 1] === CR ? at - 1 : at;
    if (lineStart === from) {
      view.status = readNumber(bytes, from + 9, lineEnd); // "HTTP/1.1 " is nine characters
      if (!(view.status >= 100 && view.status <= 599)) return "malformed";
    } else if (lineEnd === lineStart) {
      if (length < 0) return "malformed";
      view.bodyStart = at + 1;
      view.bodyEnd = at + 1 + length;
      return view.bodyEnd <= end ? "complete" : "partial";
    } else {
      const letter = (bytes[lineStart] as number) | 32;
      if (letter === 99 /* c */) {
        if (spells(bytes, lineStart, lineEnd, LENGTH)) length = readNumber(bytes, lineStart + LENGTH.length, lineEnd);
        else if (spells(bytes, lineStart, lineEnd, CONNECTION_CLOSE)) view.closes = true;
      } else if (letter === 103 /* g */ && spells(bytes, lineStart, lineEnd, GATEWAY_TIME))
        view.gatewayMs = readNumber(bytes, lineStart + GATEWAY_TIME.length, lineEnd);
    }
    lineStart = at + 1;
  }
  return "partial";
}
