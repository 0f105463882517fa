/** The resolver's laws over a whole actor: random answers, times, cancels and restarts. */
import { expect } from "chai";
import fc from "fast-check";
import type { OperationKind } from "../../actors/domain/index.ts";
import type { GatewayCall, GatewayObservation } from "../../actors/index.ts";
import { DEFAULT_LIMITS } from "../config.ts";
import { newestOf, running } from "./rig/actor-operations.ts";
import { type Rig, settle, START_MS } from "./rig/actor-rig.ts";

type Named = "stripe" | "adyen";
const UNKNOWN = { kind: "unknown", reason: "time-out" } as const;
const UNDECIDED = { kind: "undecided", reference: null } as const;

/** Nothing of this says how the operation went. */
const INDEFINITE: readonly GatewayObservation[] = [
  UNKNOWN,
  UNDECIDED, // of a charge: the confirm may still come
  { kind: "busy", reason: "key_in_use", retryAfterMs: null },
  { kind: "busy", reason: "rate_limited", retryAfterMs: 3_000 },
  { kind: "processing", reference: null },
  { kind: "notSubmitted", reason: "connection_failed" },
  { kind: "unknown", reason: "key_store_down" },
  { kind: "unknown", reason: "already_changed" },
];
type Move =
  | { readonly do: "answer"; readonly back: number; readonly as: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "restart" }
  | { readonly do: "cancel" };
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("answer" as const), back: fc.nat(3), as: fc.nat(INDEFINITE.length - 1) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(60, 1_000, 9_000, 25_000, 300_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(901_000, 7_200_000, 90_000_000) }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ do: "restart" }, { do: "cancel" }) },
);

/** One schedule: what was called and answered of one operation, and that every call and every end was lawful. */
class Course {
  #rig: Rig;
  readonly #first: GatewayCall;
  readonly #deadlineAtMs: number;
  readonly #calls: { readonly call: GatewayCall; readonly rig: Rig; answers: string[] }[] = [];
  #seen = 0;
  #generation = 1n;
  #canceled = false;
  #ended = false;

  constructor(rig: Rig, first: GatewayCall) {
    this.#rig = rig;
    this.#first = first;
    this.#deadlineAtMs = START_MS + DEFAULT_LIMITS.operationDeadlineMs;
    this.#seen = rig.calls.length - 1;
    this.#look();
  }

  async move(next: Move): Promise<void> {
    const rig = this.#rig;
    const late = this.#canceled && this.#isCharge;
    if (next.do === "pass") {
      rig.turnClockWithoutSweep(next.ms - 50);
      await rig.pass(100);
    } else if (next.do === "restart") {
      this.#rig = await rig.heir(++this.#generation, rig.nowMs);
      this.#seen = 0;
    } else if (next.do === "cancel") {
      await rig.modify("cancel", this.#first.paymentId, `cancel-${this.#generation}`);
      this.#canceled = rig.database.rows.some(({ decision }) => decision.payment.cancel !== null);
    } else {
      const about = this.#calls.at(-1 - (next.back % this.#calls.length));
      if (about === undefined || about.rig !== rig) return; // a dead owner hears nothing
      const said = INDEFINITE[next.as] as GatewayObservation;
      const fits = said.kind !== "undecided" || this.#isCharge; // several reads of a later one's absence are evidence
      about.answers.push(fits ? said.kind : UNKNOWN.kind);
      rig.observe(fits ? said : UNKNOWN, about.call);
      await settle();
    }
    this.#look(late);
    this.#judgeEnd();
  }

  get #isCharge(): boolean {
    return this.#first.kind === "authorize" || this.#first.kind === "sale";
  }

  /** `canceled`: before the move that led to the new calls. */
  #look(canceled = false): void {
    const rig = this.#rig;
    for (; this.#seen < rig.calls.length; this.#seen++) {
      const call = rig.calls[this.#seen] as GatewayCall;
      if (call.operationId !== this.#first.operationId) {
        expect(call.kind, "a cancel's own operation").to.equal("void");
        continue;
      }
      this.#calls.push({ call, rig, answers: [] });
      if (call.action !== "execute" || call.kind === "void") continue;
      expect(rig.nowMs, "executed after its deadline").to.be.below(this.#deadlineAtMs);
      expect(canceled, "executed after a cancel").to.equal(false);
      expect(call.gatewayKey).to.equal(this.#first.gatewayKey);
    }
  }

  /** Without a definite observation an operation ends only if nothing of it ever left the machine of one owner. */
  #judgeEnd(): void {
    const { state } = newestOf(this.#rig, this.#first);
    if (this.#ended || state === "submitted" || state === "unknown") return;
    this.#ended = true;
    const tries = this.#calls.filter(({ call }) => call.action === "execute");
    expect(state).to.equal("failed");
    expect(this.#generation, "another owner's tries are unknown").to.equal(1n);
    expect(this.#rig.nowMs >= this.#deadlineAtMs || this.#canceled, "a reason to give up").to.equal(true);
    for (const { answers } of tries) {
      expect(answers.length, "every try is observed").to.be.above(0);
      expect(new Set(answers)).to.deep.equal(new Set(["notSubmitted"]));
    }
  }
}

describe("resolver over an actor: laws", () => {
  it("ends nothing without a definite fact, and executes nothing too late, whatever is seen, lost or restarted", async function () {
    this.timeout(20_000);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Named>("stripe", "adyen"),
        fc.constantFrom<OperationKind>("authorize", "sale", "capture", "void", "refund"),
        fc.array(move, { minLength: 4, maxLength: 30 }),
        async (gateway, kind, moves) => {
          const course = new Course(...(await running(gateway, kind)));
          for (const next of moves) await course.move(next);
        },
      ),
      { numRuns: 150 },
    );
  });
});
