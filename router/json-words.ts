/** Pieces of JSON that answers are assembled from by hand: amounts go from bigint to digits without a float. */

export const quote = (text: string | null): string => (text === null ? "null" : JSON.stringify(text));
/** An own id, code or table word: nothing in it needs escaping. */
export const word = (text: string): string => `"${text}"`;

/** RFC 3339 UTC with milliseconds, in quotes. */
export type TimeWriter = (atMs: number) => string;

/** Remembers the last second: most times of a batch fall into one. */
export function createTimeWriter(): TimeWriter {
  let second = Number.NaN;
  let head = "";
  return (atMs) => {
    const ms = Math.floor(atMs);
    const ofSecond = Math.floor(ms / 1000);
    if (ofSecond !== second) {
      head = new Date(ofSecond * 1000).toISOString().slice(0, 20);
      second = ofSecond;
    }
    return `"${head}${String(ms - ofSecond * 1000).padStart(3, "0")}Z"`;
  };
}
