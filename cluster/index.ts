/** What others must know to start a node as a process; the node itself is `node.ts`. */
export { NODE_FLAGS } from "./node-flags.ts";
export { type AdminClient, type Asked, openAdminClient } from "./admin/admin-client.ts";
export type { GatewayItem } from "./admin/gateways.ts";
export type { CheckupItem } from "./admin/payment-resolve.ts";
export type { ActorItem, NodeItem } from "./admin/items.ts";
export { slotOfText } from "./admin/slot-of-text.ts";
export { hashOperatorToken, mintOperatorToken } from "./admin/operator-tokens.ts";
export type { AdminAnswer, AdminExit, AdminFinding, AdminQuestion } from "./admin/question.ts";
