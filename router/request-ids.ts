/** Request ids: `req_` and 24 hex digits. Random bytes are drawn for many ids at a time. */
import { Buffer } from "node:buffer";
import type { Random } from "../actors/index.ts";

const BYTES_PER_ID = 12;
const IDS_PER_DRAW = 256;

/** A function that gives a new id at each call; 96 random bits never meet by accident. */
export function createRequestIds(random: Random): () => string {
  let pool = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at >= pool.length) {
      pool = Buffer.from(random.bytes(BYTES_PER_ID * IDS_PER_DRAW));
      at = 0;
    }
    at += BYTES_PER_ID;
    return `req_${pool.toString("hex", at - BYTES_PER_ID, at)}`;
  };
}
