/** The resolver's tables over a whole actor: what is called before and after each bound, and what may end an operation. */
import { expect } from "chai";
import type { OperationKind } from "../../actors/domain/index.ts";
import { explain, type GatewayCall, type GatewayObservation } from "../../actors/index.ts";
import { GATEWAY_CAPABILITIES } from "../../actors/gateways/index.ts";
import { DEFAULT_LIMITS, parseConfig } from "../config.ts";
import { newestOf, running } from "./rig/actor-operations.ts";
import { type Rig, settle, START_MS } from "./rig/actor-rig.ts";

type Named = "stripe" | "adyen";
const DEADLINE_MS = START_MS + DEFAULT_LIMITS.operationDeadlineMs;
const UNKNOWN = { kind: "unknown", reason: "time-out" } as const;
const UNDECIDED = { kind: "undecided", reference: null } as const;

/** Lets time pass, answering each new call of the rig; who sees the calls is told when they were made. */
async function go(
  rig: Rig,
  ms: number,
  answerTo: (call: GatewayCall) => GatewayObservation,
  see: (call: GatewayCall, atMs: number) => void = () => {},
): Promise<void> {
  let seen = rig.calls.length;
  await rig.pass(ms, async () => {
    for (; seen < rig.calls.length; seen++) {
      const call = rig.calls[seen] as GatewayCall;
      see(call, rig.nowMs);
      rig.observe(answerTo(call), call);
    }
    await settle();
  });
}

describe("resolver's tables over an actor", () => {
  const courses: ReadonlyArray<readonly [Named, OperationKind, before: string, after: string]> = [
    ["stripe", "authorize", "execute query", "abandon"],
    ["stripe", "sale", "execute query", "abandon"],
    ["stripe", "capture", "execute query", "query"],
    ["stripe", "refund", "execute query", "query"],
    ["stripe", "void", "execute query", "execute query"],
    ["adyen", "authorize", "execute", "abandon"],
    ["adyen", "sale", "execute", "abandon"],
    ["adyen", "capture", "execute", ""],
    ["adyen", "refund", "execute", ""],
    ["adyen", "void", "execute", "execute"],
  ];
  for (const [gateway, kind, before, after] of courses)
    it(`${gateway}, ${kind}: ${before} before the deadline, ${after || "nothing"} after it, and it stays open`, async () => {
      const [rig, first] = await running(gateway, kind);
      rig.observe(UNKNOWN, first);
      const early = new Set<string>();
      const late = new Set<string>();
      const readsShow = (): GatewayObservation => (kind === "void" || rig.nowMs < DEADLINE_MS ? UNDECIDED : UNKNOWN); // reads that prove an absence end it
      await go(
        rig,
        3 * DEFAULT_LIMITS.operationDeadlineMs,
        ({ action }) => (action === "query" ? readsShow() : UNKNOWN),
        (call, atMs) => {
          (atMs < DEADLINE_MS ? early : late).add(call.action);
          if (call.action === "execute") expect(call.gatewayKey).to.equal(first.gatewayKey);
          if (call.action === "execute" && kind !== "void")
            expect(call.notAfterMs, "a gateway thread makes it in time or not at all").to.be.at.most(DEADLINE_MS);
        },
      );
      expect([...early].sort().join(" ")).to.equal(before);
      expect([...late].sort().join(" ")).to.equal(after);
      expect(newestOf(rig, first)).to.include({ state: "unknown", needsReview: true });
    });

  for (const gateway of ["stripe", "adyen"] as const)
    for (const kind of ["authorize", "sale"] as const)
      it(`${gateway}, ${kind}: only called off after a cancel request`, async () => {
        const [rig, first] = await running(gateway, kind);
        rig.observe(UNKNOWN, first);
        await rig.modify("cancel", first.paymentId, "x");
        const seen = new Set<string>();
        await go(
          rig,
          400_000,
          () => UNKNOWN,
          ({ action }) => seen.add(action),
        );
        expect([...seen]).to.deep.equal(["abandon"]);
      });

  for (const inherited of [false, true])
    it(`takes a refund that no read shows for failed only when that is proven${inherited ? ", by an heir anew" : ""}`, async () => {
      const [first, call] = await running("stripe", "refund");
      first.observe(UNKNOWN, call);
      const rig = inherited ? await first.heir(2n, DEADLINE_MS + 3_600_000) : first;
      const fromMs = inherited ? rig.nowMs : DEADLINE_MS;
      let reads = 0;
      let endedAtMs = 0;
      await rig.pass(fromMs - rig.nowMs + 1_000_000, async () => {
        const isNew = rig.calls.at(-1)?.action === "query" && rig.calls.length > reads;
        if (isNew) rig.observe(UNDECIDED);
        if (isNew) reads = rig.calls.length;
        await settle();
        if (endedAtMs === 0 && newestOf(rig, call).state === "failed") endedAtMs = rig.nowMs;
      });
      expect(endedAtMs, "a minute after the deadline, or of looking").to.be.within(fromMs + 60_000, fromMs + 1_000_000);
      expect(reads, "looks").to.be.at.least(3);
    });

  const replays: ReadonlyArray<readonly [Named, reason: string, shown: GatewayObservation, ends: boolean]> = [
    ["stripe", "refused_later_try", UNDECIDED, true],
    ["stripe", "refused_later_try", UNKNOWN, false],
    ["stripe", "time-out", UNDECIDED, false],
    ["adyen", "refused_later_try", UNDECIDED, false],
  ];
  for (const [gateway, reason, shown, ends] of replays)
    it(`${gateway}, refund: its replay says ${reason}, its reads ${shown.kind}: ${ends ? "failed in minutes" : "open until the deadline"}`, async () => {
      const [rig, first] = await running(gateway, "refund");
      rig.observe(UNKNOWN, first);
      const answerTo = ({ action }: GatewayCall): GatewayObservation =>
        action === "query" ? shown : { kind: "unknown", reason };
      await go(rig, 59_000, answerTo);
      expect(newestOf(rig, first).state, "a minute is waited for the list").to.equal("unknown");
      await go(rig, 120_000, answerTo);
      expect(newestOf(rig, first).state).to.equal(ends ? "failed" : "unknown");
    });

  it("waits a minute while Adyen's key store is down (703), then sends the same key", async () => {
    const [rig, first] = await running("adyen", "sale");
    rig.observe({ kind: "unknown", reason: "key_store_down" }, first);
    const at: number[] = [];
    await go(
      rig,
      100_000,
      () => UNKNOWN,
      (call, atMs) => {
        expect(call).to.include({ action: "execute", gatewayKey: first.gatewayKey });
        at.push((atMs - START_MS) / 1_000);
      },
    );
    expect(at[0]).to.be.within(60, 63);
  });

  it("sends a compensation again as long as its key lives, and never afterwards", async () => {
    const [rig, first] = await running("adyen", "sale");
    await rig.modify("cancel", first.paymentId, "x");
    await rig.answer({ kind: "captured", reference: "psp" });
    const refund = rig.calls.at(-1) as GatewayCall;
    expect(refund).to.include({ kind: "refund", action: "execute" });
    const diesAtMs = rig.nowMs + GATEWAY_CAPABILITIES.adyen.keyTtlMs;
    const at: number[] = [];
    await go(
      rig,
      2 * GATEWAY_CAPABILITIES.adyen.keyTtlMs,
      () => UNKNOWN,
      (call, atMs) => {
        expect(call).to.include({ action: "execute", gatewayKey: refund.gatewayKey });
        at.push(atMs);
      },
    );
    expect(at.at(-1)).to.be.within(diesAtMs - 2 * 3_600_000, diesAtMs - 1);
    expect(newestOf(rig, refund).state).to.equal("unknown");
  });

  it("has no deadline that a gateway's key does not outlive: the configuration refuses it", () => {
    const shortest = Math.min(...Object.values(GATEWAY_CAPABILITIES).map(({ keyTtlMs }) => keyTtlMs));
    const faultsOf = (operationDeadlineMs: number): string => {
      const config = parseConfig({
        mode: "sandbox",
        node: { id: "n" },
        api: { host: "127.0.0.1", port: 0 },
        admin: { host: "127.0.0.1", port: 0 },
        control: { dsn: "postgres://127.0.0.1/control" },
        keys: { file: "keys.json" },
        gateways: { stripe: null, adyen: null, fixedLatency: null },
        workers: null,
        limits: { operationDeadlineMs },
      });
      return "faults" in config ? config.faults.join() : "";
    };
    expect(faultsOf(shortest)).to.include("limits.operationDeadlineMs must be under a gateway key's");
    expect(faultsOf(shortest - 1)).to.equal("");
  });

  it("explains itself through the door of the room", () => {
    const said = explain(
      GATEWAY_CAPABILITIES.stripe,
      {
        kind: "sale",
        isCompensation: false,
        hasReference: true,
        isPastDeadline: false,
        isCancelRequested: false,
        isLongLate: false,
        keyAgeMs: 1_000,
        seenUndecided: false,
        absenceIsProven: true,
        storedErrorReplayed: false,
        replayRefused: false,
        neverSubmitted: false,
        sinceFirstTryMs: 1_000,
        sinceKeyStoreDownMs: null,
        detailsLost: false,
      },
      DEFAULT_LIMITS.sameKeyGraceMs,
    );
    expect(said).to.include({ rule: "read", step: "query", evidence: "read" });
  });
});
