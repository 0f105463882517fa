/** `payctl payment resolve ID` that acts: the owner looks at the payment's open operations now, by its own rules. */
import type { CheckupItem } from "../../cluster/index.ts";
import { type AdminOptions, type CommandWorld, openAdmin } from "./admin.ts";
import { untilText } from "./ages.ts";
import { CommandFailure } from "./failures.ts";
import { tableView } from "./views.ts";
import { showOnce } from "./watching.ts";

export interface CheckupOptions extends AdminOptions {
  readonly reason?: string;
}

/** A gateway call may take so long, and its answer a moment more. */
export const CHECKUP_TIMEOUT_S = 25;

const stateText = ({ state, needs_review }: CheckupItem["before"]): string =>
  needs_review ? `${state}, needs review` : state;
const heardText = ({ heard, under_way }: CheckupItem): string => {
  const answers = heard.map(
    ({ action, said, detail, took_ms }) => `${action}: ${said}${detail === null ? "" : ` ${detail}`} (${took_ms} ms)`,
  );
  return [...answers, ...(under_way ? ["no answer yet"] : [])].join("; ") || "not asked";
};

/** Exported for its golden test. */
export const CHECKUP_VIEW = tableView<CheckupItem>(
  ({ operation }) => operation,
  [
    { title: "OPERATION", of: ({ operation }) => operation },
    { title: "KIND", of: ({ kind }) => kind },
    { title: "WAS", of: ({ before }) => stateText(before) },
    { title: "IS", of: ({ after }) => stateText(after) },
    { title: "PAYMENT", of: ({ payment_status }) => payment_status },
    { title: "RULE", of: ({ rule }) => rule ?? "waits" },
    { title: "GATEWAY SAID", of: heardText },
    { title: "WHY", of: ({ why }) => why ?? "-", isWide: true },
    { title: "NEXT CHECK", of: ({ next_check_at }, nowMs) => untilText(next_check_at, nowMs) },
  ],
);

/** Asks and shows. Throws CommandFailure. */
export async function checkNow(id: string, options: CheckupOptions, world: CommandWorld): Promise<void> {
  if ((options.reason ?? "").trim() === "")
    throw new CommandFailure(
      "usage",
      "payment resolve needs --reason: it is kept in the audit trail. --dry-run only says what would be done",
    );
  const admin = openAdmin(options, world);
  try {
    showOnce(world.terminal, await admin.ask("payment.resolve", { id }, options.reason), CHECKUP_VIEW, options);
  } finally {
    admin.close();
  }
}
