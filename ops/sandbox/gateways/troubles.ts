/** Calls that do not go the ordinary way: what takes place, and what the caller hears of it. */
import { assertNever } from "../../../actors/domain/index.ts";
import type { Bookkeeper } from "./bookkeeper.ts";
import { after } from "./effects.ts";
import { type Answer, HANG, textAnswer } from "./exchange.ts";
import { chargeKindOf } from "./happening.ts";
import type { PaymentRecord } from "./payment-record.ts";
import type { LaterTrouble, TokenRow, Trouble } from "./tokens.ts";

/** The charge takes place, and its answer is spoilt. */
const SPOILT: { readonly [T in Trouble]?: (answer: Answer) => Answer } = {
  hangAfter: () => HANG,
  garbled: () => textAnswer(200, "text/html", "<html><body>Everything is fine</body></html>"),
  empty: (answer) => ({ ...answer, body: "" }),
  cut: (answer) => ({ ...answer, body: answer.body.slice(0, answer.body.length / 2) }),
  mistyped: (answer) => ({ ...answer, contentType: "text/plain" }),
  contradictory: (answer) => ({ ...answer, status: 500 }),
  drip: (answer) => ({ ...answer, pace: "drip" }),
  silent: (answer) => ({ ...answer, pace: "headersOnly" }),
};

/** The call that charges, with the trouble that its token asks for. `charged`, `open`: the payment after and before. */
export async function charge(
  books: Bookkeeper,
  row: TokenRow,
  again: boolean,
  charged: PaymentRecord,
  open: PaymentRecord,
): Promise<Answer> {
  const { stores500 } = books.dialect;
  const kind = chargeKindOf(charged);
  const trouble = again ? "none" : row.trouble;
  const notYet = (): Promise<Answer> => books.note({ ...open, answer: "forgotten" });
  switch (trouble) {
    case "none":
      return books.effect(charged, kind);
    case "slow":
      await books.pauseSlow();
      return books.effect(charged, kind);
    case "hangBefore":
      await notYet();
      return HANG;
    case "errorAfter":
      await books.effect(stores500 ? { ...charged, answer: "failed" } : charged, kind);
      return books.dialect.serverError();
    case "errorBefore":
      await books.note({ ...open, answer: stores500 ? "failed" : "forgotten" });
      return books.dialect.serverError();
    case "busy":
      await notYet();
      return books.dialect.rateLimited();
    case "inUse":
      await notYet();
      return books.dialect.inFlight();
    case "hidden":
      books.hide(charged.id);
      await books.effect(charged, kind);
      return HANG;
    case "hangAfter":
    case "garbled":
    case "empty":
    case "cut":
    case "mistyped":
    case "contradictory":
    case "drip":
    case "silent": {
      const answer = await books.effect(charged, kind);
      return SPOILT[trouble]?.(answer) ?? answer;
    }
    default:
      return assertNever(trouble);
  }
}

/** A capture or a refund with what its payment's token asks for. `open`: before it. A replay is told that it is done. */
export async function modify(
  books: Bookkeeper,
  trouble: LaterTrouble | undefined,
  open: PaymentRecord,
  kind: "capture" | "refund",
): Promise<Answer> {
  if (trouble === "refused") return books.note({ ...open, answer: "declined" }, { kind, success: false });
  const answer = await books.effect({ ...open, ...after({ kind, amount: open.stepAmount }, open) }, kind);
  return trouble === "hangAfter" ? HANG : answer;
}
