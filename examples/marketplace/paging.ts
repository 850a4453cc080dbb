/** A page of a list. */
export interface PageOf<T> {
  items: T[]
  page: number
  pageSize: number
  /** Items on all pages. */
  total: number
  pages: number
}

/**
 * Cuts one page out of a list. A page behind the last one is empty, not an error: a list may shrink while a
 * client walks through it.
 *
 * @param page - From 1.
 * @param pageSize - At least 1.
 */
export function paginate<T>(all: readonly T[], page: number, pageSize: number): PageOf<T> {
  const start = (page - 1) * pageSize
  return {
    items: all.slice(start, start + pageSize),
    page,
    pageSize,
    total: all.length,
    pages: Math.ceil(all.length / pageSize)
  }
}
