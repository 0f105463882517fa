/**
 * How Node is started for `cluster/node.ts`. V8 reads these once, before any code of ours runs, for all threads.
 * Together they took a seventh off an actor's CPU per payment in one interleaved series (165 to 142 us).
 */
export const NODE_FLAGS: readonly string[] = [
  // Each thread collects for itself: helpers would take the cores from the threads that wait for the collection.
  "--single-threaded-gc",
  // What runs once a batch is compiled after half a minute else, and until then costs several times as much.
  "--invocation-count-for-turbofan=300",
];
