// What travels through the queue: ids only. To lose, repeat or reorder a message changes nothing but latency.

import { z } from 'zod'

export const runMessageSchema = z.object({ run_id: z.uuid(), dispatch_seq: z.int().positive() })
export type RunMessage = z.infer<typeof runMessageSchema>
