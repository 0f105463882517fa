/** Operations of an actor under test that are on their way, and their newest rows. */
import { expect } from "chai";
import type { Operation, OperationKind } from "../../../actors/domain/index.ts";
import type { GatewayCall } from "../../../actors/index.ts";
import { Rig } from "./actor-rig.ts";

/** A rig whose newest call is the first money-moving one of an operation of `kind`; nobody has answered it. */
export async function running(gateway: "stripe" | "adyen", kind: OperationKind): Promise<readonly [Rig, GatewayCall]> {
  const rig = await Rig.started(gateway);
  const isManual = kind === "authorize" || kind === "capture" || kind === "void";
  await rig.create("first", { amount: 1_000, capture_method: isManual ? "manual" : "automatic" });
  if (gateway === "stripe") await rig.answer({ kind: "prepared", reference: "pi_1" });
  if (kind !== "authorize" && kind !== "sale") {
    await rig.answer({ kind: isManual ? "authorized" : "captured", reference: "pi_1" });
    await rig.modify(kind === "void" ? "cancel" : kind, (rig.calls.at(-1) as GatewayCall).paymentId, "later");
  }
  const call = rig.calls.at(-1) as GatewayCall;
  expect(call).to.include({ kind, action: "execute" });
  return [rig, call];
}

/** The newest row of a call's operation. */
export const newestOf = (rig: Rig, call: GatewayCall): Operation =>
  rig.database.rows.findLast(({ decision }) => decision.payment.operation.id === call.operationId)!.decision.payment
    .operation;
