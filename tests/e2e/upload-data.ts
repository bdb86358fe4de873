// Uploads a dataset and waits until it is prepared.

import type { Dataset, DatasetVersion, Job, PrepareOptionsInput } from '@trainyard/contracts'
import type { Service } from './service.ts'

export type Files = Readonly<Record<string, Uint8Array | string>>

/** @param files content by role; tables are the role `file` */
export async function uploadData(service: Service, name: string, files: Files, options: PrepareOptionsInput): Promise<DatasetVersion> {
  const dataset = await service.request<Dataset>('POST', '/v1/datasets', { name })
  const form = new FormData()
  form.append('options', JSON.stringify(options))
  for (const [role, content] of Object.entries(files)) form.append(role, new Blob([content]), role === 'file' ? `${name}.csv` : role)
  const { id, job_id } = await service.upload<DatasetVersion>(`/v1/datasets/${dataset.id}/versions`, form)
  const job = await service.waitForJob<Job>(job_id ?? '')
  if (job.state !== 'succeeded') throw new Error(`the preparation of ${name} has ${job.state}: ${JSON.stringify(job.failure)}`)
  return await service.request<DatasetVersion>('GET', `/v1/datasets/${dataset.id}/versions/${id}`)
}
