// The pages of docs/lectures over HTTP: every job is taken by the API with the data of its page, and some of them run through the whole service.

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Checkpoint, Job, Prediction, Run, RunEvent } from '@trainyard/contracts'
import { decodeCheckpoint } from '@trainyard/engine/train'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from '../e2e/service.ts'
import { uploadData } from '../e2e/upload-data.ts'
import { dataOf } from './data.ts'
import { expectationSchema, violationOf } from './expectations.ts'
import { type Page, readPage } from './page.ts'
import { countOf, type FinishedJob, parseJob } from './run-job.ts'

const PAGES = fileURLToPath(new URL('../../docs/lectures/', import.meta.url))
const files = readdirSync(PAGES)
  .filter((name) => /^\d\d-.*\.md$/.test(name))
  .sort()
/** Pages whose jobs take a second or two and are run here as well. */
const RUN = ['01-neuron.md', '02-sigmoid-neuron.md', '03-backpropagation.md', '11-early-stopping.md', '13-pooling.md']

interface Validation {
  readonly object: string
  readonly estimate: { readonly parameters: number; readonly total_steps: number; readonly memory_bytes: number }
}

let service: Service
beforeAll(async () => {
  service = await startService({ redis: false })
})
afterAll(async () => {
  await service?.stop()
})

const uploaded = new Map<string, ReadonlyMap<string, string>>()

/** Dataset ids by the name that the page gives them; uploaded once. */
async function uploadAll(page: Page): Promise<ReadonlyMap<string, string>> {
  const known = uploaded.get(page.title)
  if (known !== undefined) return known
  const ids = new Map<string, string>()
  for (const name of new Set([...page.jobs.values()].map(({ dataset }) => String(dataset)))) {
    const data = dataOf(page, name)
    if (data === null) continue
    ids.set(name, (await uploadData(service, name, data.files, data.options)).dataset_id)
  }
  uploaded.set(page.title, ids)
  return ids
}

/** A finished job of the service as the expectations of a page look at it. */
async function finished(body: Readonly<Record<string, unknown>>, dataset: string): Promise<FinishedJob> {
  const { id } = await service.request<Job>('POST', '/v1/jobs', { ...body, dataset })
  const job = await service.waitForJob<Job>(id)
  expect(job.failure).toBeNull()
  const run = await service.request<Run>('GET', `/v1/runs/${job.run_ids[0]}`)
  if (run.result?.kind !== 'train') throw new Error('the run has no result')
  const series = new Map<string, Map<number, number>>()
  const { series: found } = await service.request<{ series: { name: string; points: { step: number; value: unknown }[] }[] }>(
    'GET',
    `/v1/runs/${run.id}/metrics?max_points=1000`,
  )
  for (const { name, points } of found) series.set(name, new Map(points.map(({ step, value }) => [step, Number(value)])))
  const { state } = decodeCheckpoint(await service.download(`/v1/checkpoints/${run.checkpoint_id}/download`))
  return {
    ...countOf(parseJob(body)),
    series,
    metrics: Object.fromEntries(Object.entries(run.result.metrics).map(([name, value]) => [name, Number(value)])),
    tensor: (name) => state.get(`model.${name}`)?.data,
    predict: async (inputs) => {
      const { predictions } = await service.request<{ predictions: Prediction[] }>('POST', `/v1/checkpoints/${run.checkpoint_id}/predict`, {
        inputs,
      })
      return predictions.map(({ outputs }) => outputs.map(Number))
    },
  }
}

describe.each(files)('%s through the API', (file) => {
  it('is taken: its jobs with its data, or its models where the data are a dataset of the reader', async () => {
    const page = readPage(PAGES + file)
    const datasets = await uploadAll(page)
    for (const [name, body] of page.jobs) {
      const dataset = datasets.get(String(body.dataset))
      const { parameters } = countOf(parseJob(body))
      if (dataset === undefined) {
        const model = await service.request<{ parameters: number }>('POST', '/v1/models/validate', { spec: body.model })
        expect([name, model.parameters]).toEqual([name, parameters])
        continue
      }
      const { object, estimate } = await service.request<Validation>('POST', '/v1/jobs?validate_only=true', { ...body, dataset })
      expect([name, object, estimate.parameters]).toEqual([name, 'job_validation', parameters])
      expect(Math.min(estimate.total_steps, estimate.memory_bytes)).toBeGreaterThan(0)
    }
  })
})

describe.each(RUN)('%s as runs of the service', (file) => {
  it('does what it says', async () => {
    const page = readPage(PAGES + file)
    const datasets = await uploadAll(page)
    const jobs = new Map<string, FinishedJob>()
    for (const [name, body] of page.jobs) jobs.set(name, await finished(body, datasets.get(String(body.dataset)) ?? ''))
    const violations: string[] = []
    for (const each of page.expectations) violations.push(...[(await violationOf(expectationSchema.parse(each), jobs)) ?? []].flat())
    expect(violations).toEqual([])
  })
})

it('early stopping: the run ends early and says why, and its checkpoint is the best model', async () => {
  const page = readPage(`${PAGES}11-early-stopping.md`)
  const body = page.jobs.get('early') ?? {}
  const dataset = (await uploadAll(page)).get('digits')
  const { id } = await service.request<Job>('POST', '/v1/jobs', { ...body, dataset })
  const {
    run_ids: [runId],
  } = await service.waitForJob<Job>(id)
  const run = await service.request<Run>('GET', `/v1/runs/${runId}`)
  if (run.result?.kind !== 'train') throw new Error('the run has no result')
  const { result } = run
  expect(run.plan?.total_steps).toBe(360)
  expect(result.ended_by).toBe('early_stopping')
  // The evaluation after each epoch of six steps: the last five were no better.
  expect(result.best).toMatchObject({ metric: 'eval/loss', restored: true, step: result.steps - 5 * 6 })
  expect(result.metrics['eval/loss']).toBe(result.best?.value)
  const { data: events } = await service.request<{ data: RunEvent[] }>('GET', `/v1/runs/${runId}/events`)
  const said = events.find(({ type }) => type === 'ended_early')?.message
  expect(said).toBe(
    `Step ${result.steps}: eval/loss was no better than ${result.best?.value} at step ${result.best?.step} in 5 evaluations. The weights of step ${result.best?.step} are the result.`,
  )
  const checkpoint = await service.request<Checkpoint>('GET', `/v1/checkpoints/${run.checkpoint_id}`)
  expect(checkpoint).toMatchObject({ kind: 'final', metrics: { 'eval/loss': result.best?.value } })
  // Measured anew, from the file alone.
  const evaluation = await service.request<Job>('POST', '/v1/jobs', {
    kind: 'evaluate',
    checkpoint_id: run.checkpoint_id,
    dataset,
    split: 'validation',
    batch_size: 50,
  })
  const evaluated = await service.waitForJob<Job>(evaluation.id)
  expect(Number(evaluated.result?.kind === 'evaluate' && evaluated.result.metrics.loss)).toBeCloseTo(Number(result.best?.value), 6)
})
