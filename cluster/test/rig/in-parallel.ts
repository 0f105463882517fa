/** Works through a list with some hands. */

/** Runs `work` over all items, `atOnce` at a time; rejects with the first failure, when all hands have stopped. */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed: unknown;
  const hand = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && failed === undefined; next = rest.next()) await work(next.value);
  };
  const end = (error: unknown): void => void (failed ??= error ?? new Error("it failed"));
  await Promise.all(Array.from({ length: atOnce }, () => hand().catch(end)));
  if (failed !== undefined) throw failed;
}
