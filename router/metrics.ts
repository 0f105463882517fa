/** What the router counts. The implementation decides how; labels never carry a merchant or a payment. */
import type { GatewayName } from "../actors/domain/index.ts";

/**
 * What became of the notices of one delivery. `not_taken`: no shard could write them, so the gateway is to send them
 * again. Of a delivery that was refused nobody knows how many there were: it counts as one.
 */
export type NoticeResult = "taken" | "not_taken" | "invalid_signature" | "malformed";

export interface RouterMetrics {
  /** `route`: a name of the route table, or `none`. `tookMs`: from the request's headers to the answer. */
  requestEnded(route: string, status: number, tookMs: number): void;
  /** No answer was given: the client left, or the connection was closed: past the router's own deadline, or nothing certain could be said. */
  requestDropped(route: string, reason: "aborted" | "deadline" | "uncertain"): void;
  noticesEnded(gateway: GatewayName, result: NoticeResult, count: number): void;
  /** A delivery was acknowledged. `tookMs`: from its headers to the answer. */
  noticeAcknowledged(gateway: GatewayName, tookMs: number): void;
}
