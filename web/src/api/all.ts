interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** Every page of a list, up to `most` items: for lists that are short by their nature, and boards. */
export async function all<T>(
  page: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
  most = 10_000,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const answer = await page({ limit: 200, cursor });
    items.push(...answer.items);
    cursor = answer.next_cursor ?? undefined;
  } while (cursor && items.length < most);
  return items;
}
