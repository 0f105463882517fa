/** The first message of each side. */
import { type Hello, WIRE_VERSION } from "../../actors/wire/index.ts";
import type { Peer } from "./peer-service.ts";

export const helloOf = ({ node, process }: Peer): Hello => ({ ...WIRE_VERSION, node, process });

/** Why we cannot work with whoever said it; null: we can. */
export function objectionTo(hello: Hello | null): string | null {
  if (hello === null) return "its first message says neither a version nor a name";
  if (hello.major !== WIRE_VERSION.major)
    return `node ${hello.node} speaks version ${hello.major}.${hello.minor} between nodes, and this one ${WIRE_VERSION.major}.${WIRE_VERSION.minor}`;
  return hello.node === "" || hello.process === "" ? "it does not say its name" : null;
}
