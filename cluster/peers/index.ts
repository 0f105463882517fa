/** The way between nodes. */
export { type LinkState, PeerLink, type PeerLinkParts } from "./peer-link.ts";
export { type PeerServer, type PeerServerParts, startPeerServer } from "./peer-server.ts";
export type { PeerHandler } from "./incoming-stream.ts";
export type { MutualTls, PeerCredentials } from "./peer-credentials.ts";
export type { Peer } from "./peer-service.ts";
