/** What the router counts. The implementation decides how; labels never carry a merchant or a payment. */
export interface RouterMetrics {
  /** `route`: a name of the route table, or `none`. `tookMs`: from the request's headers to the answer. */
  requestEnded(route: string, status: number, tookMs: number): void;
  /** No answer was given: the client left, or the connection was closed: past the router's own deadline, or nothing certain could be said. */
  requestDropped(route: string, reason: "aborted" | "deadline" | "uncertain"): void;
}
