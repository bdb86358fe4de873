// Rows that are appended to a version, as a user does it, with real processes: the digest of one upload of everything, old rows in their splits,
// and files that outlive the version that brought them.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Dataset, DatasetDiff, DatasetVersion, Job } from '@trainyard/contracts'
import { encodePng } from '@trainyard/datasets'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { zipOf } from '../../packages/datasets/src/testing.ts'
import { type Service, startService } from './service.ts'

/** Flowers: id, two lengths, one of three kinds. */
const row = (i: number) => `f${i},${(4 + ((i * 37) % 41) / 10).toFixed(1)},${(1 + ((i * 17) % 59) / 10).toFixed(1)},kind${i % 3}\n`
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => row(from + i)).join('')
const HEADER = 'id,length,width,kind\n'

/** Pictures from … to of two classes, all different, named by their numbers. */
async function pictures(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  const files: Record<string, Buffer> = {}
  for (let i = from; i < to; i++) {
    const pixels = Uint8Array.from({ length: 36 }, (_, at) => (i * 37 + at * (i + 1)) % 256)
    files[`class${i % 2}/${i}.png`] = await encodePng({ width: 6, height: 6, channels: 1, pixels })
  }
  return new Uint8Array(await zipOf(files))
}

describe('appending', () => {
  let service: Service
  let dataset: Dataset
  /** Serves more flowers. */
  let server: Server
  let url: string
  beforeAll(async () => {
    server = createServer((_, response) => response.end(HEADER + rows(120, 150)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    url = `http://${host}/more.csv`
    service = await startService({ redis: false, environment: { IMPORT_ALLOWED_HOSTS: host } })
    dataset = await service.request<Dataset>('POST', '/v1/datasets', { name: 'flowers' })
  })
  afterAll(async () => {
    server?.close()
    await service?.stop()
  })

  const pathOf = (id: string) => `/v1/datasets/${dataset.id}/versions/${id}`
  async function send(path: string, content: string | Uint8Array<ArrayBuffer>, options: unknown): Promise<DatasetVersion> {
    const form = new FormData()
    form.append('options', JSON.stringify(options))
    form.append('file', new Blob([content]), 'flowers')
    return await prepared(await service.upload<DatasetVersion>(path, form))
  }
  async function prepared(version: DatasetVersion): Promise<DatasetVersion> {
    const job = await service.waitForJob<Job>(version.job_id ?? '')
    expect(job.failure).toBeNull()
    return await service.request<DatasetVersion>('GET', pathOf(version.id))
  }
  const upload = (content: string | Uint8Array<ArrayBuffer>, options: unknown) =>
    send(`/v1/datasets/${dataset.id}/versions`, content, options)
  const append = (base: DatasetVersion, content: string | Uint8Array<ArrayBuffer>) => send(`${pathOf(base.id)}/append`, content, {})
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

  it('fetches the rows of a URL, and gives the digest of one upload of everything', async () => {
    const options = { id: 'id', split: { by: 'hash', columns: ['id'], test: 0.3 } }
    const base = await upload(HEADER + rows(0, 120), options)
    const body = { sources: { file: { url } } }
    const grown = await prepared(await service.request<DatasetVersion>('POST', `${pathOf(base.id)}/append/import`, body))
    const whole = await upload(HEADER + rows(0, 150), options)
    expect(grown).toMatchObject({ status: 'ready', base_version_id: base.id, digest: whole.digest, splits: whole.splits })
  })

  it('takes images, and gives the digest of one upload of all of them', async () => {
    const options = { split: { by: 'hash', test: 0.3 } }
    const base = await upload(await pictures(0, 40), options)
    const grown = await append(base, await pictures(40, 60))
    const whole = await upload(await pictures(0, 60), options)
    expect(grown).toMatchObject({ status: 'ready', base_version_id: base.id, digest: whole.digest, splits: whole.splits })
    const diff = await service.request<DatasetDiff>('GET', `${pathOf(grown.id)}/diff`)
    expect(diff.rows).toMatchObject({ identity: 'pixels', base: 40, version: 60, unchanged: 40, added: 20, moved: 0 })
  })
})
