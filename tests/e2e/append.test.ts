// Rows that are appended to a version, as a user does it, with real processes: the digest of one upload of everything, old rows in their splits,
// and files that outlive the version that brought them.

import type { Dataset, DatasetDiff, DatasetVersion, Job } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from './service.ts'

/** Flowers: id, two lengths, one of three kinds. */
const row = (i: number) => `f${i},${(4 + ((i * 37) % 41) / 10).toFixed(1)},${(1 + ((i * 17) % 59) / 10).toFixed(1)},kind${i % 3}\n`
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => row(from + i)).join('')
const HEADER = 'id,length,width,kind\n'

describe('appending', () => {
  let service: Service
  let dataset: Dataset
  beforeAll(async () => {
    service = await startService({ redis: false })
    dataset = await service.request<Dataset>('POST', '/v1/datasets', { name: 'flowers' })
  })
  afterAll(async () => {
    await service?.stop()
  })

  const pathOf = (id: string) => `/v1/datasets/${dataset.id}/versions/${id}`
  async function send(path: string, csv: string, options: unknown): Promise<DatasetVersion> {
    const form = new FormData()
    form.append('options', JSON.stringify(options))
    form.append('file', new Blob([csv]), 'flowers.csv')
    const version = await service.upload<DatasetVersion>(path, form)
    const job = await service.waitForJob<Job>(version.job_id ?? '')
    expect(job.failure).toBeNull()
    return await service.request<DatasetVersion>('GET', pathOf(version.id))
  }
  const upload = (csv: string, options: unknown) => send(`/v1/datasets/${dataset.id}/versions`, csv, options)
  const append = (base: DatasetVersion, csv: string) => send(`${pathOf(base.id)}/append`, csv, {})
  const firstRows = async (version: DatasetVersion, split: string, limit: number) =>
    (await service.request<{ rows: unknown[] }>('GET', `${pathOf(version.id)}/preview?split=${split}&limit=${limit}`)).rows

  it('30 rows to 120 gives the digest of 150, and stays possible when the base is gone', async () => {
    const options = { id: 'id', split: { by: 'hash', columns: ['id'], test: 0.3 } }
    const base = await upload(HEADER + rows(0, 120), options)
    const whole = await upload(HEADER + rows(0, 150), options)
    const grown = await append(base, HEADER + rows(120, 150))
    const diff = await service.request<DatasetDiff>('GET', `${pathOf(grown.id)}/diff`)
    expect(diff.rows).toMatchObject({
      identity: 'id',
      base: 120,
      version: 150,
      unchanged: 120,
      added: 30,
      removed: 0,
      changed: 0,
      moved: 0,
    })
    expect(diff.classes).toEqual({ added: [], removed: [] })
    expect(grown).toMatchObject({ status: 'ready', base_version_id: base.id, digest: whole.digest, splits: whole.splits })
    await service.request('DELETE', pathOf(base.id)).catch((error: unknown) => expect(String(error)).toContain('JSON'))
    await expect(service.request('GET', pathOf(base.id))).rejects.toThrow('404')
    const again = await append(grown, HEADER + rows(150, 160))
    expect(again.digest).toBe((await upload(HEADER + rows(0, 160), options)).digest)
    expect((await service.request<DatasetVersion>('GET', pathOf(grown.id))).base_version_id).toBeNull()
  })

  it('leaves old rows of drawn splits where they are', async () => {
    const base = await upload(HEADER + rows(0, 120), { id: 'id', test_fraction: 0.2 })
    expect(base.splits).toMatchObject({ train: { rows: 96 }, test: { rows: 24 } })
    const grown = await append(base, HEADER + rows(120, 150))
    expect(grown.splits).toMatchObject({ train: { rows: 120 }, test: { rows: 30 } })
    for (const [split, count] of [
      ['train', 96],
      ['test', 24],
    ] as const) {
      expect(await firstRows(grown, split, count)).toEqual(await firstRows(base, split, count))
    }
  })
})
