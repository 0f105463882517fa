/** What we use of the consistent-hash ring package, which ships no types. */
declare module "hash-ring" {
  export default class HashRing {
    constructor(members: readonly string[]);
    /** The member that owns `key`; undefined: the ring is empty. */
    get(key: string): string | undefined;
  }
}
