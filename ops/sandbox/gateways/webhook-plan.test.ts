import { expect } from "chai";
import type { HappeningKind } from "./happening.ts";
import type { WebhookManner } from "./tokens.ts";
import { NO_FAULTS, planSendings, type WebhookFaults } from "./webhook-plan.ts";

const TIMES = { soonMs: 20, lateMs: 3_000 };
const plan = (
  manner: WebhookManner | undefined,
  kind: HappeningKind = "sale",
  faults: Partial<WebhookFaults> = {},
  nth = 1,
) => planSendings(manner, { kind, success: true }, TIMES, { ...NO_FAULTS, ...faults }, nth);

describe("the plan of webhooks", () => {
  const cases: ReadonlyArray<readonly [WebhookManner | undefined, HappeningKind, readonly object[]]> = [
    [undefined, "sale", [{ afterMs: 20 }]],
    ["first", "sale", [{ afterMs: 0, isAwaited: true }]],
    ["first", "refund", [{ afterMs: 0, isAwaited: true }]],
    ["lost", "sale", []],
    ["late", "capture", [{ afterMs: 3_000 }]],
    ["twice", "void", [{ afterMs: 20 }, { afterMs: 20 }]],
    ["reordered", "authorize", [{ afterMs: 3_000 }]],
    ["reordered", "capture", [{ afterMs: 20 }]],
    ["opposite", "sale", [{ afterMs: 0, isAwaited: true, isOpposite: true }, { afterMs: 3_000 }]],
    ["opposite", "refund", [{ afterMs: 20 }]],
  ];
  for (const [manner, kind, expected] of cases)
    it(`${manner ?? "ordinary"}, ${kind}`, () => expect(plan(manner, kind)).to.deep.equal(expected));

  it("takes faults on top", () => {
    expect(plan(undefined, "sale", { mute: true })).to.deep.equal([]);
    expect(plan("twice", "sale", { delayMs: 100 })).to.deep.equal([{ afterMs: 120 }, { afterMs: 120 }]);
    expect(plan("late", "sale", { copies: 3 })).to.have.length(3);
    expect(plan(undefined, "sale", { reorder: true }, 0)).to.deep.equal([{ afterMs: 520 }]);
    expect(plan(undefined, "sale", { reorder: true }, 1)).to.deep.equal([{ afterMs: 20 }]);
  });
});
