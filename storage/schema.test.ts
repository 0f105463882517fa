/** The database's guards say what the domain's tables say: each migration's list against its table in actors/domain. */
import { readFileSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { FACT_KINDS, NEXT_STATUS, PAYMENT_STATUSES, TEMPLATES, LEDGER_KINDS } from "../actors/domain/index.ts";
import { NOTICE_STATES, type DeliveryState, type EndpointStatus } from "../actors/index.ts";
import {
  CAPTURE_METHOD,
  FACT,
  GATEWAY,
  LEDGER_ACCOUNT,
  LEDGER_KIND,
  OPERATION_KIND,
  OPERATION_STATE,
  STATUS,
} from "./codes.ts";
import { HIDDEN_FACT, IS_VISIBLE } from "./event-reads.ts";
import { IS_LATER } from "./read-model.ts";
import { INSERTS } from "./tables.ts";

const folder = new URL("./migrations/shard/", import.meta.url);
const sql = readdirSync(folder)
  .sort()
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");
const withoutComments = sql.replaceAll(/--[^\n]*/g, "");

/** What stands between the last match of `from` and the next `to`: later migrations replace what earlier ones said. */
function between(from: RegExp, to: string): string {
  const start = [...withoutComments.matchAll(new RegExp(from, "g"))].at(-1);
  if (start === undefined) throw new Error(`${from} is not in the migrations`);
  const at = start.index + start[0].length;
  return withoutComments.slice(at, withoutComments.indexOf(to, at));
}

describe("the shard schema", () => {
  /** Rows of earlier releases that this one no longer writes: cancelSettled left a captured payment captured. */
  const WRITTEN_BEFORE = [2233];
  it("allows exactly the transitions of NEXT_STATUS, and those that stand there already", () => {
    const inSql = between(/journal_transition CHECK \(kind \* 100 \+ from_status \* 10 \+ to_status IN \(/, ")")
      .split(",")
      .map(Number);
    const inDomain = PAYMENT_STATUSES.flatMap((from) =>
      FACT_KINDS.flatMap((fact) => {
        const to = NEXT_STATUS[from][fact];
        return to === undefined ? [] : [FACT.code(fact) * 100 + STATUS.code(from) * 10 + STATUS.code(to)];
      }),
    );
    const inOrder = (codes: readonly number[]) => [...codes].sort((a, b) => a - b);
    expect(inOrder(inSql)).to.deep.equal(inOrder([...inDomain, ...WRITTEN_BEFORE]));
  });

  const names = [
    ["status_name", STATUS],
    ["fact_name", FACT],
    ["operation_kind_name", OPERATION_KIND],
    ["operation_state_name", OPERATION_STATE],
    ["gateway_name", GATEWAY],
    ["capture_method_name", CAPTURE_METHOD],
    ["account_name", LEDGER_ACCOUNT],
    ["ledger_kind_name", LEDGER_KIND],
  ] as const;
  for (const [name, codes] of names)
    it(`names codes by ${name} as the domain does`, () => {
      const list = between(new RegExp(`FUNCTION ${name}\\(code smallint\\)[^\\[]*\\[`), "]");
      expect([...list.matchAll(/'([^']+)'/g)].map((m) => m[1])).to.deep.equal([...codes.words]);
    });

  const ranges = [
    ["gateway_code", GATEWAY],
    ["capture_method_code", CAPTURE_METHOD],
    ["operation_kind_code", OPERATION_KIND],
    ["operation_state_code", OPERATION_STATE],
    ["ledger_kind_code", LEDGER_KIND],
    ["ledger_account_code", LEDGER_ACCOUNT],
  ] as const;
  for (const [domain, codes] of ranges)
    it(`bounds ${domain} by the domain's table`, () =>
      expect(between(new RegExp(`DOMAIN ${domain}\\b[^;]*CHECK \\(VALUE BETWEEN 0 AND `), ")")).to.equal(
        String(codes.words.length - 1),
      ));

  it("puts the same kinds into the pending layer as the ledger's templates", () => {
    const codes = between(/FUNCTION ledger_layer[^(]*\(kind smallint\)[^(]*IN \(/, ")")
      .split(",")
      .map(Number);
    const pending = LEDGER_KINDS.filter((kind) => TEMPLATES[kind].layer === "pending").map((kind) =>
      LEDGER_KIND.code(kind),
    );
    expect(codes).to.deep.equal(pending);
  });

  it("resolves a hold once: the partial index names the code of hold_release", () =>
    expect(between(/INDEX ledger_entry_hold_once ON ledger_entry \(payment_id\) WHERE kind = /, ";")).to.equal(
      String(LEDGER_KIND.code("hold_release")),
    ));

  it("hides a fact that only pending payments have: events are counted without looking at later rows", () => {
    const from = PAYMENT_STATUSES.filter((status) => NEXT_STATUS[status][HIDDEN_FACT] !== undefined);
    expect(from).to.deep.equal(["pending"]);
    expect(between(/INDEX journal_merchant ON journal \(merchant_id, recorded_at, seq\) WHERE /, ";")).to.equal(
      IS_VISIBLE,
    );
  });

  it("indexes later operations by the codes of their kinds, as they are asked for", () => {
    expect(between(/INDEX journal_later ON journal \(operation_id, version\) WHERE /, ";")).to.equal(IS_LATER);
    const later = OPERATION_KIND.words.filter((kind) => OPERATION_KIND.code(kind) >= OPERATION_KIND.code("capture"));
    expect(later).to.deep.equal(["capture", "void", "refund"]);
  });

  it("sums up rows of kinds that came later, whoever asks", () => {
    const [, newest] = /t\.kind > (\d+)/.exec(between(/FUNCTION roll_up_balances\(/, "END $$")) ?? [];
    const before = FACT_KINDS.slice(0, Number(newest) + 1);
    expect(before.at(-1)).to.equal("cancelSettled");
  });

  const lists = [
    [/CONSTRAINT gateway_event_state_check\s+CHECK \(state IN \(/, NOTICE_STATES],
    [/TABLE webhook_endpoint[^;]*CHECK \(status IN \(/, ["enabled", "disabled"] satisfies EndpointStatus[]],
    [/TABLE delivery[^;]*CHECK \(state IN \(/, ["waiting", "delivered", "given_up"] satisfies DeliveryState[]],
  ] as const;
  for (const [from, words] of lists)
    it(`takes the words of the port: ${words.join(", ")}`, () =>
      expect([...between(from, ")").matchAll(/'([^']+)'/g)].map((m) => m[1])).to.deep.equal([...words]));

  for (const insert of Object.values(INSERTS))
    it(`sends ${insert.table} as its row type has it`, () => {
      const attributes = between(new RegExp(`TYPE ${insert.rowType} AS \\(`), ");")
        .split(",")
        .map((attribute) => attribute.trim().split(/\s+/)[0]);
      expect(attributes).to.deep.equal(insert.columns.map((c) => c.name));
    });
});
