// The manifest of a prepared version, and the digest that names its content.

import { createHash } from 'node:crypto'
import {
  type DatasetInput,
  type DatasetManifest,
  type DatasetTarget,
  datasetManifestSchema,
  type Normalization,
} from '@trainyard/contracts'
import type { ShardFile, WrittenSplit } from './shard-writer.ts'

export interface PreparedSplit {
  readonly written: WrittenSplit
  /** Absent for value targets. */
  readonly classCounts: readonly number[] | null
}

export interface PreparedDataset {
  readonly manifest: DatasetManifest
  readonly shardFiles: readonly ShardFile[]
}

/** @param splits in any order; those without rows must not be given */
export function describePrepared(
  input: DatasetInput,
  target: DatasetTarget,
  splits: ReadonlyMap<string, PreparedSplit>,
  normalization: Normalization,
): PreparedDataset {
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
  })
  return { manifest, shardFiles: entries.flatMap(([, { written }]) => written.files) }
}
