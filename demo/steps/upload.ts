// Uploads a dataset and waits until its version is ready.

import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Dataset, DatasetVersion } from '@trainyard/contracts'
import type { Client } from '../client.ts'
import type { DatasetFiles } from '../datasets.ts'
import { formatSeconds } from '../format.ts'
import { ProgressBar } from '../progress.ts'

export async function uploadDataset(client: Client, { name, parts }: DatasetFiles): Promise<DatasetVersion> {
  const began = performance.now()
  const dataset = await client.post<Dataset>('/v1/datasets', { name })
  const form = new FormData()
  for (const [role, path] of Object.entries(parts)) form.append(role, new Blob([await readFile(path)]), basename(path))
  const received = await client.upload<DatasetVersion>(`/v1/datasets/${dataset.id}/versions`, form)
  const bar = new ProgressBar(`prepare ${name}`)
  if (received.job_id !== null) {
    try {
      await client.waitForJob(received.job_id, bar.watch)
    } catch (error) {
      bar.abandon()
      throw error
    }
  }
  const version = await client.get<DatasetVersion>(`/v1/datasets/${dataset.id}/versions/${received.id}`)
  const rows = Object.entries(version.splits).map(([split, { rows }]) => `${rows.toLocaleString('en')} ${split}`)
  const megabytes = (version.uploaded_bytes / 1e6).toFixed(0)
  bar.finish(`${rows.join(' + ')}, ${megabytes} MB, ${formatSeconds((performance.now() - began) / 1000)}`)
  return version
}
