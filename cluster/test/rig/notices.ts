/** Notices as a gateway's would be, read and verified, about operations that a rig's actor has. */
import { type DisputeState, mintId, type Payment, type PaymentId } from "../../../actors/domain/index.ts";
import { type GatewayCall, type GatewayNotice, type NoticeClaim, noticeKeyOf } from "../../../actors/index.ts";
import { DECLINED, Rig, START_MS } from "./actor-rig.ts";

type Gateway = Rig["gateway"];
type Capture = "manual" | "automatic";

const REFERENCES: { readonly [G in Gateway]: string } = { stripe: "pi_1", adyen: "PSP1" };
let serial = 0;

/** The call that was made last. */
export const newestCall = (rig: Rig): GatewayCall => rig.calls.at(-1) as GatewayCall;

/** A payment of 1000 whose money-moving call is out and unanswered. */
export async function charging(
  gateway: Gateway,
  capture: Capture = "automatic",
  changes: Parameters<typeof Rig.started>[1] = {},
): Promise<[Rig, GatewayCall]> {
  const rig = await Rig.started(gateway, changes);
  await rig.create("k", { amount: 1_000, capture_method: capture });
  if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: REFERENCES.stripe });
  return [rig, newestCall(rig)];
}

/** A payment of 1000 that was charged, or authorized. */
export async function paid(gateway: Gateway, capture: Capture = "automatic"): Promise<[Rig, GatewayCall]> {
  const [rig, call] = await charging(gateway, capture);
  const reference = REFERENCES[gateway];
  await rig.answer({ kind: capture === "manual" ? "authorized" : "captured", reference });
  return [rig, { ...call, gatewayReference: reference }];
}

/** A payment that was refused, as its client has been told. */
export async function refused(gateway: Gateway, capture: Capture = "automatic"): Promise<[Rig, GatewayCall]> {
  const [rig, call] = await charging(gateway, capture);
  await rig.answer({ kind: "declined", failure: DECLINED, reference: REFERENCES[gateway] });
  return [rig, call];
}

/** A later operation that the gateway has and works on; all there is, unless `amount` says how much. */
export async function later(
  rig: Rig,
  kind: "capture" | "cancel" | "refund",
  id: PaymentId,
  amount?: number,
  key = `${kind}-key`,
): Promise<GatewayCall> {
  await rig.modify(kind, id, key, amount === undefined ? {} : { amount });
  const call = newestCall(rig);
  await rig.answer({ kind: "processing", reference: `ref-${key}` });
  return call;
}

/** A refund that succeeded. */
export async function refunded(rig: Rig, id: PaymentId, amount: number, key: string): Promise<GatewayCall> {
  const call = await later(rig, "refund", id, amount, key);
  await rig.notify(noticeOf(call, SUCCESS.refund));
  if (rig.gateway === "stripe") await rig.answer({ kind: "refunded", reference: `ref-${key}` });
  return call;
}

/** The payment as of its newest row. */
export const paymentOf = (rig: Rig, id: PaymentId): Payment =>
  rig.database.rows.findLast(({ decision }) => decision.payment.terms.id === id)!.decision.payment;
/** State and verdict of a notice's row. */
export const stateOf = (rig: Rig, notice: GatewayNotice): string | undefined => {
  const row = rig.database.side.notices.get(noticeKeyOf(notice));
  return row && `${row.state} ${row.verdict}`;
};
/** Classes of what was found, in the order of finding. */
export const findingsOf = (rig: Rig): readonly string[] =>
  [...rig.database.side.findings.values()].map(({ finding, resolved }) =>
    resolved === null ? finding.class : `${finding.class} resolved`,
  );

/** A notice about the operation of `call`: its amount and names are right unless `more` says otherwise. */
export function noticeOf(call: GatewayCall, claim: NoticeClaim, more: Partial<GatewayNotice> = {}): GatewayNotice {
  const isFirst = call.kind === "authorize" || call.kind === "sale";
  const reference = call.gatewayReference ?? (call.gateway === "stripe" ? "pi_1" : "PSP1");
  return {
    gateway: call.gateway,
    account: call.account,
    dedupeKey: `${call.account}|${claim.kind}|${++serial}`,
    bodyHash: String(serial).padStart(64, "0"),
    type: claim.kind,
    operationId: call.operationId,
    paymentId: null,
    paymentReference: reference,
    reference: isFirst ? null : `${reference}-${call.kind}`,
    amount: String(call.amountMinor),
    currency: call.currency,
    claim,
    ...more,
  };
}

/** The claims that say the operation of `call` succeeded, or did not. */
export const SUCCESS = {
  authorize: { kind: "authorized" },
  sale: { kind: "authorized" },
  capture: { kind: "captured" },
  void: { kind: "voided" },
  refund: { kind: "refunded" },
} as const satisfies Record<GatewayCall["kind"], NoticeClaim>;
export const FAILURE = {
  authorize: { kind: "declined", failure: DECLINED },
  sale: { kind: "declined", failure: DECLINED },
  capture: { kind: "captureFailed", failure: DECLINED },
  void: { kind: "voidFailed", failure: DECLINED },
  refund: { kind: "refundFailed", failure: DECLINED },
} as const satisfies Record<GatewayCall["kind"], NoticeClaim>;

/** What is told of a dispute. */
export const disputed = (
  funds: "held" | "released" | "lost" | null,
  state: DisputeState | null = null,
  reference = "dp_1",
): NoticeClaim => ({ kind: "dispute", reference, state, funds });

/** An operation that nobody here knows. */
export const strangeOperation = mintId("op", 0, START_MS, new Uint8Array(8).fill(9));
