/** Time, chance and the log, as an actor has them from whoever joins the parts. */

/** Time and chance, injected so that tests decide them. */
export interface Clock {
  /** Unix milliseconds; may jump. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow: for durations. */
  readonly monotonicMs: () => number;
  /** Runs `task` once after `delayMs`; the returned function calls it off. */
  readonly after: (delayMs: number, task: () => void) => () => void;
}
export interface Random {
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1). */
  fraction(): number;
}
/** Structured and redacted by its implementation; never given secrets, names or bodies. */
export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
