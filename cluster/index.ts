/** What others must know to start a node as a process; the node itself is `node.ts`. */
export { NODE_FLAGS } from "./node-flags.ts";
