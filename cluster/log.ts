/** Structured logs on stdout: identifiers only, with a redaction list behind them. */
import pino from "pino";
import type { Log } from "../actors/index.ts";

/** Names under which a secret or a person's data must never be printed, at two depths. */
const SECRET_NAMES = [
  "authorization",
  "password",
  "secret",
  "token",
  "dsn",
  "apiKey",
  "body",
  "paymentMethod",
  "payment_method",
  "email",
  "name",
];

/** Lines kept while the destination takes none; what comes beyond them is dropped. */
const KEPT_BYTES_MAX = 1_048_576;

/** Where lines go. It may tell of its failures by an `error` event or by throwing. */
export interface LogDestination {
  write(line: string): unknown;
  on(event: "error", listener: () => void): unknown;
}

/** `sync`: a line is out when the call returns. A reader that is slow (EAGAIN) is not waited for: payments go first. */
const stdout = (): LogDestination =>
  pino.destination({ dest: 1, sync: true, maxLength: KEPT_BYTES_MAX, retryEAGAIN: () => false });

/**
 * A log whose every line carries `fields`. Its functions never throw: a full disk or a reader that is gone costs lines,
 * never a payment (faults C4); lines go on once the destination takes them again.
 */
export function createLog(
  fields: Readonly<Record<string, string | number>>,
  destination: LogDestination = stdout(),
): Log {
  const options = {
    base: fields,
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
  };
  destination.on("error", () => {}); // there is nowhere left to say it
  const out = pino(options, destination);
  const writer =
    (level: "info" | "warn" | "error"): Log["info"] =>
    (more, message) => {
      try {
        out[level](more, message);
      } catch {
        // as above: the line is lost
      }
    };
  return { info: writer("info"), warn: writer("warn"), error: writer("error") };
}
