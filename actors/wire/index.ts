/** What nodes say to each other, and its bytes. */
export { decodeFrame, encodeAnswers, encodeHello, encodeItems } from "./codec.ts";
export {
  type FrameContent,
  type Garbage,
  type Hello,
  type PeerAnswer,
  type PeerFact,
  type PeerItem,
  type PeerNotice,
  type PeerRequest,
  REFUSED_REASONS,
  type RefusedReason,
  WIRE_VERSION,
} from "./envelopes.ts";
