/** The one method of the admin service, for both of its ends. Bytes pass as they are: they are JSON of our own. */
const bytes = (buffer: Buffer): Buffer => buffer;

export const ASK = {
  path: "/paycluster.Admin/Ask",
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
} as const;
