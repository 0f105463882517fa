/** The one gRPC method between nodes: a stream of messages each way, bytes that `actors/wire/` reads and writes. */
import type { ChannelOptions, ServiceDefinition } from "@grpc/grpc-js";

const asIs = (bytes: Buffer): Buffer => bytes;

export const PEER_SERVICE = {
  Link: {
    path: "/paycluster.Peer/Link",
    requestStream: true,
    responseStream: true,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  },
} as const satisfies ServiceDefinition;

/** Who is at the other end: a node, and one of its processes. */
export interface Peer {
  readonly node: string;
  readonly process: string;
}

/** One message. Batches are split far below it; a reply that alone is larger cannot be forwarded. */
export const MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Room for what a body is wrapped in. */
export const BODY_BYTES_MAX = MESSAGE_BYTES_MAX - 64 * 1024;

/** A peer that stands still is given up 2.5 s after its last sign of life: before it can be taken for dead (3 s). */
export const PING_EVERY_MS = 1_000;
export const PING_WITHIN_MS = 1_500;

export const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
  "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  "grpc.keepalive_time_ms": PING_EVERY_MS,
  "grpc.keepalive_timeout_ms": PING_WITHIN_MS,
};

export const CLIENT_OPTIONS: ChannelOptions = {
  ...CHANNEL_OPTIONS,
  // A request is sent once: who may send it again is decided where its ticket is.
  "grpc.enable_retries": 0,
  // A stream has a connection of its own, so when to connect again is decided here.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.service_config_disable_resolution": 1,
  // A proxy of the environment is for the way out, not for the way to the next node.
  "grpc.enable_http_proxy": 0,
};
