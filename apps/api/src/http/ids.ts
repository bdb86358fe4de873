// Ids of requests: the schema has checked their form already.

import { fromWireId, type IdKind, idSchema } from '@trainyard/contracts'
import { z } from 'zod'
import { missing } from './parse.ts'

/** @throws TrainyardError not_found when the text is no id of that kind */
export function uuidOf(kind: IdKind, id: string): string {
  const uuid = fromWireId(kind, id)
  if (uuid === null) throw missing(id)
  return uuid
}

/** @example idParams('job') // { job_id } */
export function idParams<K extends IdKind>(kind: K): z.ZodObject<Record<`${K}_id`, ReturnType<typeof idSchema>>> {
  const shape = { [`${kind}_id`]: idSchema(kind) } as Record<`${K}_id`, ReturnType<typeof idSchema>>
  return z.strictObject(shape) as unknown as z.ZodObject<Record<`${K}_id`, ReturnType<typeof idSchema>>>
}
