/**
 * The messages that change durable or outside state, or are the first to tell of it: of each commit the Bind that may
 * arrive late, the COMMIT and its acknowledgement; of each gateway call the connection, the request's last byte and the
 * answer's; of a notification and its receipt the last byte; of the client the answer. CI tries these; the others lie
 * between two of them.
 */
const ESSENTIAL: readonly RegExp[] = [
  />postgres Bind commit_\w+$/,
  />postgres Execute COMMIT of /,
  /postgres>node CommandComplete COMMIT of /,
  /node>\w+ (connects for|last byte of) (POST|GET) /,
  /(stripe|adyen)>node answer's last byte to /,
  /adyen>node last byte of POST \/v1\/webhooks\//,
  /node>(adyen|client) answer's last byte to /,
];

/** `text`: of a counted message, with the number of its repetition. */
export const isEssential = (text: string): boolean =>
  ESSENTIAL.some((pattern) => pattern.test(text.replace(/ #\d+$/, "")));
