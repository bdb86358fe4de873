// Where messages travel: Redis (production), or BullMQ's own PostgreSQL backend, so that nothing but npm is needed.

import type { RunMessage } from '@trainyard/contracts'

export type QueueConnection =
  | {
      readonly kind: 'redis'
      /** As in REDIS_URL. */
      readonly url: string
      /** Keeps several installations in one Redis apart. Default `trainyard`. */
      readonly prefix?: string
    }
  | {
      readonly kind: 'postgres'
      /** As in DATABASE_URL; the tables are in a schema of their own. */
      readonly url: string
    }

export const RUN_QUEUE = 'trainyard-runs'
/** Finished messages that stay, to look at: of each kind, done and failed. */
export const FINISHED_KEPT = 200
export const DEFAULT_PREFIX = 'trainyard'

/** Ids of BullMQ may not be all digits nor contain a colon; the id of a finished message is ignored, hence the number. */
export function messageId({ run_id, dispatch_seq }: RunMessage): string {
  return `r-${run_id}-${dispatch_seq}`
}
