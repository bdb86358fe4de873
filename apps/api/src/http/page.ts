// Lists: from the query's cursors to a page, and from a page to the wire.

import { type IdKind, idSchema, pageQuerySchema } from '@trainyard/contracts'
import type { Page, PageRequest } from '@trainyard/database'
import { uuidOf } from './ids.ts'

/** The query of a list of one kind of resource. */
export function pageQueryOf(kind: IdKind) {
  const cursor = idSchema(kind).optional()
  return pageQuerySchema
    .extend({
      after: cursor.meta({ description: 'Id of the row before the page: `last_id` of the page before.' }),
      before: cursor.meta({ description: 'Id of the row behind the page: `first_id` of the page behind.' }),
    })
    .strict()
}

interface PageQuery {
  readonly limit: number
  readonly order: 'asc' | 'desc'
  readonly after?: string | undefined
  readonly before?: string | undefined
}

export function pageRequest(kind: IdKind, { limit, order, after, before }: PageQuery): PageRequest {
  const cursor = (id: string | undefined) => (id === undefined ? undefined : uuidOf(kind, id))
  return { limit, order, after: cursor(after), before: cursor(before) }
}

export function toList<Row, Item extends { readonly id: string }>({ data, hasMore }: Page<Row>, serialize: (row: Row) => Item) {
  const items = data.map(serialize)
  return {
    object: 'list' as const,
    data: items,
    has_more: hasMore,
    first_id: items.at(0)?.id ?? null,
    last_id: items.at(-1)?.id ?? null,
  }
}
