import { expect } from "chai";
import type { RefusalCode } from "./errors.ts";
import { mintId } from "./ids.ts";
import type { OperationState } from "./operation.ts";
import type { Operation, Payment, PaymentStatus } from "./payment.ts";
import { checkRequest, type Command } from "./requests.ts";
import type { RequestedFact } from "./transition.ts";

const AT_MS = 1_750_000_000_000;
const id = mintId("op", 0, AT_MS, new Uint8Array(8));

function payment(status: PaymentStatus, state: OperationState = "succeeded", more: Partial<Payment> = {}): Payment {
  const operation = { id, kind: "authorize", state } as Operation; // what the rules look at
  const authorizedMinor = status === "pending" || status === "failed" ? 0n : 1_000n;
  const capturedMinor = status === "captured" ? 1_000n : 0n;
  return {
    terms: { amountMinor: 1_000n } as Payment["terms"],
    status,
    version: 2,
    authorizedMinor,
    capturedMinor,
    refundedMinor: 0n,
    refundingMinor: 0n,
    disputedMinor: 0n,
    gatewayReference: "pi",
    operation,
    cancel: null,
    dispute: null,
    failure: null,
    updatedAtMs: AT_MS,
    chainHead: new Uint8Array(32),
    ...more,
  };
}
const cancel = { operationId: id, requestedAtMs: AT_MS, deadlineAtMs: AT_MS };

type Expected = RefusalCode | readonly [RequestedFact, bigint];
const cases: readonly (readonly [string, Command, bigint | null, Payment, Expected])[] = [
  ["capture of an authorization", "capture", null, payment("authorized"), ["captureRequested", 1_000n]],
  ["partial capture", "capture", 1n, payment("authorized"), ["captureRequested", 1n]],
  ["capture above the authorization", "capture", 1_001n, payment("authorized"), "amount_exceeds_capturable"],
  ["capture twice", "capture", null, payment("captured"), "invalid_transition"],
  ["capture of a failed payment", "capture", null, payment("failed"), "invalid_transition"],
  ["capture after expiry", "capture", null, payment("expired"), "invalid_transition"],
  ["capture while the first operation is open", "capture", null, payment("pending", "unknown"), "operation_in_doubt"],
  [
    "capture while a capture or void is open",
    "capture",
    null,
    payment("authorized", "submitted"),
    "operation_in_doubt",
  ],
  [
    "capture of what is being canceled",
    "capture",
    null,
    payment("authorized", "succeeded", { cancel }),
    "operation_in_doubt",
  ],
  ["cancel of an authorization", "cancel", null, payment("authorized"), ["voidRequested", 1_000n]],
  ["cancel while in doubt", "cancel", null, payment("pending", "unknown"), ["cancelRequested", 1_000n]],
  [
    "cancel a second time while in doubt",
    "cancel",
    null,
    payment("pending", "unknown", { cancel }),
    "operation_in_doubt",
  ],
  ["cancel while a capture is open", "cancel", null, payment("authorized", "unknown"), "operation_in_doubt"],
  ["cancel after capture", "cancel", null, payment("captured"), "invalid_transition"],
  ["cancel twice", "cancel", null, payment("canceled"), "invalid_transition"],
  ["refund of everything", "refund", null, payment("captured"), ["refundRequested", 1_000n]],
  [
    "refund of the rest",
    "refund",
    null,
    payment("captured", "succeeded", { refundedMinor: 300n, refundingMinor: 200n }),
    ["refundRequested", 500n],
  ],
  [
    "refund beside an open refund",
    "refund",
    800n,
    payment("captured", "unknown", { refundingMinor: 200n }),
    ["refundRequested", 800n],
  ],
  [
    "refund above the rest",
    "refund",
    801n,
    payment("captured", "unknown", { refundingMinor: 200n }),
    "amount_exceeds_refundable",
  ],
  [
    "refund of what a dispute has taken",
    "refund",
    601n,
    payment("captured", "succeeded", { disputedMinor: 400n }),
    "amount_exceeds_refundable",
  ],
  [
    "refund of nothing left",
    "refund",
    null,
    payment("captured", "succeeded", { refundedMinor: 1_000n }),
    "amount_exceeds_refundable",
  ],
  ["refund on pending", "refund", null, payment("pending", "unknown"), "operation_in_doubt"],
  ["refund on authorized", "refund", null, payment("authorized"), "invalid_transition"],
  ["refund on failed", "refund", null, payment("failed"), "invalid_transition"],
];

describe("requests for later operations", () => {
  for (const [name, command, amountMinor, before, expected] of cases)
    it(`${name}: ${typeof expected === "string" ? expected : expected[0]}`, () => {
      const answer = checkRequest(before, command, amountMinor);
      expect("code" in answer ? answer.code : [answer.fact, answer.amountMinor]).to.deep.equal(expected);
    });
});
