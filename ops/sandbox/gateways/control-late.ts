/** The control API's orders to a single payment: dispute, expire, fail a capture or a refund, succeed late. */
import type { Bookkeeper } from "./bookkeeper.ts";
import type { ChargeLine } from "./charge-log.ts";
import { type Fields, isNamed, meantBy } from "./control-fields.ts";
import type { GatewayStand } from "./gateway-stand.ts";
import type { LateOutcome } from "./late-effects.ts";
import type { Sequel } from "./tokens.ts";

/** Path after `/_control/`: what it lets happen. */
export const LATE_ROUTES = {
  dispute: "dispute",
  "dispute-won": "dispute_won",
  "dispute-lost": "dispute_lost",
  expire: "expire",
  "fail-capture": "capture_failed",
  "fail-refund": "refund_failed",
} as const satisfies Readonly<Record<string, Sequel>>;

/** Lines that each may follow. */
const CAUSES: { readonly [S in Sequel]?: readonly ChargeLine["kind"][] } = {
  dispute: ["capture", "sale"],
  dispute_won: ["capture", "sale"],
  dispute_lost: ["capture", "sale"],
  expire: ["authorize"],
  capture_failed: ["capture", "sale"],
  refund_failed: ["refund"],
};

/** The newest effect that is meant. Throws when there is none. */
function causeOf(books: Bookkeeper, what: Sequel, fields: Fields): ChargeLine {
  const name = meantBy(fields);
  const lines = books.linesWith(JSON.stringify(name)).filter((line) => isNamed(line, name));
  const cause = lines.findLast((line) => CAUSES[what]?.includes(line.kind) === true);
  if (cause === undefined) throw new Error(`nothing that was done under ${name} can take this`);
  return cause;
}

/** `{ outcome }` of what was asked for. Throws when nothing of the kind was ever done. */
export async function letHappen(
  { simulator }: GatewayStand,
  what: Sequel,
  fields: Fields,
): Promise<{ readonly outcome: LateOutcome }> {
  return { outcome: await simulator.happenLater(what, causeOf(simulator.books, what, fields)) };
}
