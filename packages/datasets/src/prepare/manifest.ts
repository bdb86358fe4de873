// The manifest of a prepared version, and the digest that names its content.

import { createHash } from 'node:crypto'
import {
  type DatasetInput,
  type DatasetManifest,
  type DatasetTarget,
  datasetManifestSchema,
  type Normalization,
} from '@trainyard/contracts'
import type { WrittenSplit } from './shard-writer.ts'

export interface PreparedSplit {
  readonly written: WrittenSplit
  /** Null where the target has no classes. */
  readonly classCounts: readonly number[] | null
}

export interface PreparedDataset {
  readonly manifest: DatasetManifest
  /** Every file of the version with its key. Shards of equal content are one key. */
  readonly files: readonly { readonly key: string; readonly path: string }[]
}

export interface PreparedParts {
  readonly input: DatasetInput
  readonly target: DatasetTarget
  /** In any order; those without rows must not be given. */
  readonly splits: ReadonlyMap<string, PreparedSplit>
  readonly normalization: Normalization
  /** What the digest is not made of. */
  readonly rest: Pick<DatasetManifest, 'statistics' | 'division' | 'analysis' | 'quarantine' | 'index'>
}

export function describePrepared({ input, target, splits, normalization, rest }: PreparedParts): PreparedDataset {
  const entries = [...splits].sort(([a], [b]) => (a < b ? -1 : 1))
  // Over what the data is, not how it is stored: shard sizes, keys and upload formats do not count.
  const content = {
    format: 1,
    input,
    target,
    splits: entries.map(([name, { written }]) => [name, written.rows, written.samplesDigest, written.targetsDigest]),
  }
  const manifest = datasetManifestSchema.parse({
    format: 1,
    digest: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
    input,
    target,
    splits: Object.fromEntries(
      entries.map(([name, { written, classCounts }]) => [
        name,
        {
          rows: written.rows,
          ...(classCounts === null ? {} : { class_counts: [...classCounts] }),
          shards: written.files.map(({ key, rows, bytes, sha256 }) => ({ key, rows, bytes, sha256 })),
        },
      ]),
    ),
    normalization,
    ...rest,
  })
  return { manifest, files: entries.flatMap(([, { written }]) => written.files.map(({ key, path }) => ({ key, path }))) }
}
