/**
 * What can tell how an operation in doubt went, per gateway and operation, strongest first, and while which of it may be
 * asked for (gateways.md §3.3). Data: the resolver's rules name their evidence, and people are shown both.
 */
import type { GatewayName, OperationKind } from "./domain/index.ts";

/**
 * `ownTries`: what became of our own calls. `create`: the first step of a charge, which moves no money. `read`: the object
 * at the gateway. `replay`: the same call with the same key. `webhook`: what the gateway tells unasked. `cancel`: calling
 * the charge off, and what that answers. `report`: the settlement report.
 */
export type Evidence = "ownTries" | "create" | "read" | "replay" | "webhook" | "cancel" | "report";

/**
 * `always`: it moves no money, or takes nothing that anybody wants to keep. `untilDeadline`: before the deadline, while no
 * cancel was asked for. `fromDeadline`: after either. `keyLife`: as long as the gateway knows the key.
 */
export type Validity = "always" | "untilDeadline" | "fromDeadline" | "keyLife";

/** One line of what may tell the outcome. `how`: for people. */
export interface EvidenceLine {
  readonly evidence: Evidence;
  readonly how: string;
  readonly validity: Validity;
}

const CREATE: EvidenceLine = { evidence: "create", how: "the create again, to learn the id", validity: "always" };
const READ_INTENT: EvidenceLine = { evidence: "read", how: "the PaymentIntent by its id", validity: "always" };
const READ_REFUNDS: EvidenceLine = {
  evidence: "read",
  how: "the list of the payment's refunds, found by our reference",
  validity: "always",
};
const replayOf = (call: string): EvidenceLine => ({
  evidence: "replay",
  how: `${call} again with the same key`,
  validity: "untilDeadline",
});
const webhookOf = (what: string): EvidenceLine => ({
  evidence: "webhook",
  how: `webhook: ${what}`,
  validity: "always",
});
const reportOf = (what: string): EvidenceLine => ({
  evidence: "report",
  how: `settlement report: ${what}`,
  validity: "always",
});
/** A void and a refund of our own are repeated after the deadline too. */
const RELEASE: EvidenceLine = { ...replayOf("the cancel"), validity: "always" };

const STRIPE_CHARGE: readonly EvidenceLine[] = [
  CREATE,
  READ_INTENT,
  replayOf("the confirm"),
  webhookOf("a hint, the PaymentIntent decides"),
  { evidence: "cancel", how: "cancel of the unconfirmed PaymentIntent, then a read", validity: "fromDeadline" },
  reportOf("by PaymentIntent or our reference"),
];
const ADYEN_CHARGE: readonly EvidenceLine[] = [
  replayOf("the payment"),
  webhookOf("AUTHORISATION with our reference"),
  { evidence: "cancel", how: "technical cancel by our reference; TECHNICAL_CANCEL tells", validity: "fromDeadline" },
  reportOf("by Merchant Reference"),
];
const READ_FIXED: EvidenceLine = { evidence: "read", how: "the same answer as ever", validity: "always" };
const FIXED: readonly EvidenceLine[] = [READ_FIXED, replayOf("the call")];
const FIXED_CHARGE: readonly EvidenceLine[] = [
  ...FIXED,
  { evidence: "cancel", how: "cancel by our reference", validity: "fromDeadline" },
];

/** Row: a gateway. Column: an operation. Cell: what can tell, strongest first. */
export const EVIDENCE: {
  readonly [G in GatewayName]: { readonly [K in OperationKind]: readonly EvidenceLine[] };
} = {
  stripe: {
    authorize: STRIPE_CHARGE,
    sale: STRIPE_CHARGE,
    capture: [
      READ_INTENT,
      replayOf("the capture"),
      webhookOf("a hint, the PaymentIntent decides"),
      reportOf("by PaymentIntent"),
    ],
    void: [READ_INTENT, RELEASE, webhookOf("a hint, the PaymentIntent decides")],
    refund: [
      READ_REFUNDS,
      replayOf("the refund"),
      webhookOf("a hint, the list decides"),
      reportOf("by refund or our reference"),
    ],
  },
  adyen: {
    authorize: ADYEN_CHARGE,
    sale: ADYEN_CHARGE,
    capture: [
      replayOf("the capture"),
      webhookOf("CAPTURE with our reference"),
      reportOf("by Modification Merchant Reference"),
    ],
    void: [
      RELEASE,
      webhookOf("CANCELLATION or TECHNICAL_CANCEL with our reference"),
      reportOf("no line of a capture after the method's limit"),
    ],
    refund: [
      replayOf("the refund"),
      webhookOf("REFUND with our reference"),
      reportOf("by Modification Merchant Reference"),
    ],
  },
  "fixed-latency": {
    authorize: FIXED_CHARGE,
    sale: FIXED_CHARGE,
    capture: FIXED,
    void: [READ_FIXED, RELEASE],
    refund: FIXED,
  },
};
