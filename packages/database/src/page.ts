// Lists by cursor. Ids sort by creation time, so a page is a range of ids and stays where it is when rows are added.

export interface PageRequest {
  readonly limit: number
  /** `desc` is newest first. */
  readonly order: 'asc' | 'desc'
  /** UUID of the row before the page. */
  readonly after?: string | undefined
  /** UUID of the row behind the page; ignored beside `after`. */
  readonly before?: string | undefined
}

export interface Page<T> {
  /** In the order that was asked for, whichever cursor was given. */
  readonly data: T[]
  /** Whether rows follow in the direction of the cursor. */
  readonly hasMore: boolean
}

interface RangeArguments {
  readonly where: { readonly id?: { readonly gt?: string; readonly lt?: string } }
  readonly orderBy: { readonly id: 'asc' | 'desc' }
  readonly take: number
}

/**
 * @param fetch Runs the query with these arguments and its own filters beside them.
 * @example page(request, ({ where, ...rest }) => tx.job.findMany({ where: { ...where, kind }, ...rest }))
 */
export async function page<Row>(request: PageRequest, fetch: (range: RangeArguments) => Promise<Row[]>): Promise<Page<Row>> {
  const { limit, order, after, before } = request
  const isBackward = after === undefined && before !== undefined
  const direction = isBackward ? opposite(order) : order
  const cursor = after ?? before
  const rows = await fetch({
    where: cursor === undefined ? {} : { id: direction === 'asc' ? { gt: cursor } : { lt: cursor } },
    orderBy: { id: direction },
    take: limit + 1,
  })
  const data = rows.slice(0, limit)
  return { data: isBackward ? data.reverse() : data, hasMore: rows.length > limit }
}

function opposite(order: 'asc' | 'desc'): 'asc' | 'desc' {
  return order === 'asc' ? 'desc' : 'asc'
}

/** The same page with other rows. */
export function mapPage<A, B>({ data, hasMore }: Page<A>, convert: (row: A) => B): Page<B> {
  return { data: data.map(convert), hasMore }
}
