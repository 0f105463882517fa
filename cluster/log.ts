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

/** A log whose every line carries `fields`. */
export function createLog(fields: Readonly<Record<string, string | number>>): Log {
  const options = {
    base: fields,
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
  };
  const out = pino(options, pino.destination({ dest: 1, sync: true }));
  return {
    info: (more, message) => out.info(more, message),
    warn: (more, message) => out.warn(more, message),
    error: (more, message) => out.error(more, message),
  };
}
