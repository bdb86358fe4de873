// Where the rows of a version have gone.

import { z } from 'zod'
import { idSchema } from './ids.ts'
import { runStateSchema } from './states.ts'

export const versionRunSchema = z.object({
  run_id: idSchema('run'),
  job_id: idSchema('job'),
  dataset_version_id: idSchema('dataset_version').meta({
    description: 'The version that it used: with a row, one that the version was appended to or that was appended to it may be that.',
  }),
  kind: z.enum(['train', 'evaluate']),
  state: runStateSchema,
  epochs: z.number().meta({ description: 'Passes over its rows so far.' }),
  seen: z
    .enum(['trained', 'evaluated', 'not_seen'])
    .nullable()
    .meta({ description: 'What it did with the row that was asked for; null where none was.' }),
})
export type VersionRun = z.infer<typeof versionRunSchema>

export interface ListVersionRunsQuery {
  readonly split: string
  readonly row?: number | undefined
}
