import { hash } from "node:crypto";

/**
 * SHA-256 of bytes, or of a text as UTF-8; 32 bytes of their own. By way of a text: a Buffer out of `hash` costs three
 * times as much, and one out of Buffer's pool would keep 8 kB alive for as long as it is remembered.
 */
export function sha256(data: Uint8Array | string): Uint8Array {
  const text = hash("sha256", data, "binary");
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = text.charCodeAt(i);
  return digest;
}
