/** Walks a list page by page. */
import { PaymentError } from "./payment-error.ts";

/** A page as every list answers it. */
export interface Page<Item> {
  readonly data: readonly Item[];
  readonly has_more: boolean;
  readonly next_cursor: string | null;
}

/**
 * Every item, one after the other; a page is fetched when its first item is asked for. Throws PaymentError as `fetchPage`
 * does, and `unexpected_answer` when the list leads nowhere.
 */
export async function* everyItem<Item>(
  startingAfter: string | undefined,
  fetchPage: (startingAfter: string | undefined) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  let cursor = startingAfter;
  while (true) {
    const page = await fetchPage(cursor);
    yield* page.data;
    if (!page.has_more) return;
    if (page.next_cursor === null || page.next_cursor === cursor)
      throw new PaymentError("unexpected_answer", "a list says that there is more, but not where");
    cursor = page.next_cursor;
  }
}
