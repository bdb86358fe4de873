// Conventions of every operation: lists and problems.

import { ERROR_CODES, type ErrorCode } from '@trainyard/errors'
import { z } from 'zod'

export const PAGE_LIMIT_DEFAULT = 20
export const PAGE_LIMIT_MAX = 100

export const pageQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .default(PAGE_LIMIT_DEFAULT)
    .transform((n) => Math.min(n, PAGE_LIMIT_MAX))
    .meta({ description: 'More than 100 is read as 100.' }),
  after: z.string().optional(),
  before: z.string().optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
})
export type PageQuery = z.infer<typeof pageQuerySchema>

export function listSchema<T extends z.ZodType>(item: T) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
}

/** Where in data a mistake is. */
export const issueRowsSchema = z.object({
  file: z.string(),
  column: z.string().nullable(),
  count: z.int().nonnegative().meta({ description: 'Rows with it; 1 for a mistake of a whole column or file.' }),
  examples: z
    .array(z.object({ row: z.int().nonnegative().nullable(), value: z.string().nullable() }))
    .readonly()
    .meta({ description: 'The first ones. Rows count from 1, as a spreadsheet does; null where there is no row.' }),
})

export const issueSchema = z.object({
  path: z.string(),
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  data: issueRowsSchema.optional(),
})

/** RFC 9457 problem details. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES as [ErrorCode, ...ErrorCode[]]),
    hint: z.string(),
    request_id: z.string(),
    retryable: z.boolean(),
    errors: z.array(issueSchema),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>
