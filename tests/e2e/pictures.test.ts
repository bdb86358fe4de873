// What one set of labelled pictures is good for, over HTTP: classes and predictions of uploaded pictures, two levels of classes, several labels per
// picture, and a reconstruction that leaves the labels alone.

import { readFileSync } from 'node:fs'
import type { DatasetProfile, DatasetVersion, Job, Prediction, PrepareOptionsInput, Run } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pngsOf, tarWithList, zipOfFolders } from './same-content/forms.ts'
import { PICTURE_BYTES, type PictureSet, readPictureSets } from './same-content/pictures.ts'
import { type Service, startService } from './service.ts'
import { uploadData } from './upload-data.ts'

/** Digits with a closed loop are round. */
const shapeOf = (label: number) => ([0, 6, 8, 9].includes(label) ? 'round' : 'open')
const tagsOf = (label: number) => [label % 2 === 0 ? 'even' : '', label >= 5 ? 'large' : ''].filter((tag) => tag !== '').join('|')
/** As Pillow writes it: tests/golden/pictures.py. */
const golden = (name: string) => new Blob([readFileSync(new URL(`../golden/${name}`, import.meta.url))])
const TRAINING = { epochs: 2, batch_size: 32, seed: 1, threads: 1, optimizer: { type: 'adam', learning_rate: 0.005 } }
const model = (units: number) => ({
  version: 1,
  input: { shape: [1, 28, 28] },
  layers: [{ type: 'flatten' }, { type: 'dense', id: 'out', units }],
})

let service: Service
let set: PictureSet
beforeAll(async () => {
  const [first] = readPictureSets({ train: 300, test: 100 })
  if (first === undefined) throw new Error('MNIST is missing')
  set = first
  service = await startService({ redis: false })
})
afterAll(async () => {
  await service?.stop()
})

const pngs = async () => [...(await pngsOf('train', set.train)), ...(await pngsOf('test', set.test))]

async function upload(name: string, file: Uint8Array, options: PrepareOptionsInput = {}): Promise<DatasetVersion> {
  return await uploadData(service, name, { file }, options)
}

async function train(dataset: string, outputs: number, training: object): Promise<Run> {
  const { id } = await service.request<Job>('POST', '/v1/jobs', { kind: 'train', dataset, model: model(outputs), training })
  const { run_ids, failure } = await service.waitForJob<Job>(id)
  expect(failure).toBeNull()
  return await service.request<Run>('GET', `/v1/runs/${run_ids[0]}`)
}

async function evaluate(checkpoint_id: string | null, dataset: string) {
  const { id } = await service.request<Job>('POST', '/v1/jobs', { kind: 'evaluate', checkpoint_id, dataset, split: 'test' })
  const { result, failure } = await service.waitForJob<Job>(id)
  if (result?.kind !== 'evaluate') throw new Error(JSON.stringify(failure))
  return result
}

interface Predictions {
  readonly predictions: readonly Prediction[]
}

describe('pictures in class folders', () => {
  let version: DatasetVersion
  beforeAll(async () => {
    const file = await zipOfFolders(await pngs(), ({ split, label, row }) => `${split}/${shapeOf(label)}/${label}/${row}.png`)
    version = await upload('two levels', file, { class_levels: 2 })
  })

  it('of two levels: fine and coarse classes, their balance and both accuracies; and uploaded pictures are predicted as their pixels are', async () => {
    expect(version.target).toMatchObject({
      kind: 'class',
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      coarse: { classes: ['open', 'round'], of: [1, 0, 0, 0, 0, 0, 1, 0, 1, 1] },
    })
    const path = `/v1/datasets/${version.dataset_id}/versions/${version.id}/profile`
    const { splits } = await service.request<DatasetProfile>('GET', path)
    const round = [...set.test.labels].filter((label) => shapeOf(label) === 'round').length
    expect(splits.test?.coarse_classes).toEqual([
      { label: 'open', count: 100 - round, share: (100 - round) / 100 },
      { label: 'round', count: round, share: round / 100 },
    ])

    const run = await train(version.id, 10, TRAINING)
    const [fine, coarse] = [Number(run.metrics['eval/accuracy']), Number(run.metrics['eval/coarse_accuracy'])]
    expect(coarse).toBeGreaterThan(fine)
    const { metrics } = await evaluate(run.checkpoint_id, version.id)
    expect([metrics.accuracy, metrics.coarse_accuracy]).toEqual([fine, coarse])

    const predict = `/v1/checkpoints/${run.checkpoint_id}/predict`
    const pixels = [...set.test.pixels.subarray(0, PICTURE_BYTES)]
    const { predictions: asNumbers } = await service.request<Predictions>('POST', predict, { inputs: [pixels], top_k: 3 })
    const form = new FormData()
    for (const name of ['digit.golden.png', 'digit-rgb.golden.png', 'digit-large.golden.webp']) form.append('images', golden(name), name)
    const { predictions } = await service.upload<Predictions>(`${predict}/images?top_k=3`, form)
    expect(predictions.map(({ name }) => name)).toEqual(['digit.golden.png', 'digit-rgb.golden.png', 'digit-large.golden.webp'])
    const [grey, colour, large] = predictions.map(({ name: _, ...rest }) => rest)
    expect(grey).toEqual(asNumbers[0])
    expect(colour).toEqual(asNumbers[0])
    // Half of its size again: near the pixels it came from.
    expect(large?.classes?.[0]?.label).toBe(grey?.classes?.[0]?.label)

    const bad = new FormData()
    bad.append('images', golden('digit.golden.png'), 'good.png')
    bad.append('images', new Blob(['no picture at all']), 'notes.png')
    bad.append('images', new Blob([readFileSync(new URL('../golden/digit.golden.png', import.meta.url)).subarray(0, 60)]), 'cut.png')
    const refusal = await service.upload(`${predict}/images`, bad).catch((error: Error) => error.message)
    const { errors } = JSON.parse(String(refusal).replace(/^.*?(?=\{)/, '')) as { errors: { path: string; code: string }[] }
    expect(errors.map(({ path, code }) => [path, code])).toEqual([
      ['images[1]', 'unsupported_image'],
      ['images[2]', 'undecodable_image'],
    ])
  }, 240_000)

  it('are reconstructed with their labels left alone, noise removed: errors and no accuracy', async () => {
    const run = await train(version.id, 784, {
      ...TRAINING,
      epochs: 5,
      augmentation: [{ type: 'gaussian_noise', std: 0.3 }],
      target: 'input',
      evaluate: { metrics: ['mae', 'rmse'] },
    })
    const { 'eval/rmse': rmse, 'eval/mae': mae } = run.metrics
    expect(Object.keys(run.metrics).filter((name) => /accuracy|f1|precision|recall/.test(name))).toEqual([])
    if (run.result?.kind !== 'train') throw new Error('the run has no result')
    expect([run.result.evaluation, run.result.head_evaluations ?? {}]).toEqual([undefined, {}])
    // Inputs are standardized: the mean of all pixels would have an error of about 1.
    expect(Number(rmse)).toBeLessThan(0.9)
    expect(Number(mae)).toBeLessThan(Number(rmse))
    const { metrics, evaluation } = await evaluate(run.checkpoint_id, version.id)
    // In batches of another size, which are added up in another order: equal as float32 is.
    expect(Number(metrics.rmse) / Number(rmse)).toBeCloseTo(1, 7)
    expect(Number(metrics.mae) / Number(mae)).toBeCloseTo(1, 7)
    expect(evaluation).toBeUndefined()
    const { predictions } = await service.request<Predictions>('POST', `/v1/checkpoints/${run.checkpoint_id}/predict`, {
      inputs: [[...set.test.pixels.subarray(0, PICTURE_BYTES)]],
    })
    expect(predictions[0]?.outputs).toHaveLength(784)
    expect(predictions[0]?.classes).toBeUndefined()
  }, 240_000)
})

describe('pictures with a list', () => {
  it('of several labels: each by itself, all together, and scores of every label', async () => {
    const version = await upload('tags', await tarWithList(await pngs(), ({ label }) => tagsOf(label)), { target_kind: 'multi_label' })
    expect(version.target).toEqual({ kind: 'multi_label', classes: ['even', 'large'] })
    const names = ['accuracy', 'precision', 'recall', 'f1', 'precision_micro', 'recall_micro', 'f1_micro', 'hamming_loss']
    const run = await train(version.id, 2, { ...TRAINING, epochs: 10, evaluate: { metrics: names } })
    const { metrics, evaluation } = await evaluate(run.checkpoint_id, version.id)
    // Losses are means of batches of another size.
    for (const [name, value] of Object.entries(metrics)) expect(run.metrics[`eval/${name}`], name).toBeCloseTo(Number(value), 6)
    expect(Object.keys(metrics)).toHaveLength(1 + names.length)
    const labels = evaluation?.classes ?? []
    const macro = (score: 'precision' | 'recall' | 'f1') => labels.reduce((sum, each) => sum + each[score], 0) / 2
    expect(labels.map(({ label, support }) => [label, support])).toEqual(
      ['even', 'large'].map((tag) => [tag, [...set.test.labels].filter((label) => tagsOf(label).includes(tag)).length]),
    )
    expect(metrics.f1_macro).toBeCloseTo(macro('f1'), 12)
    expect(metrics.precision_macro).toBeCloseTo(macro('precision'), 12)
    // Found labels of all: recall × support; labels given: those found / precision.
    const found = labels.map(({ recall, support }) => recall * support)
    const given = labels.map(({ precision }, i) => (found[i] ?? 0) / precision)
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    const support = sum(labels.map((each) => each.support))
    expect(metrics.recall_micro).toBeCloseTo(sum(found) / support, 10)
    expect(metrics.precision_micro).toBeCloseTo(sum(found) / sum(given), 10)
    expect(metrics.hamming_loss).toBeCloseTo((sum(given) + support - 2 * sum(found)) / (2 * 100), 10)
    // A row is right in all labels at most as often as a label is right.
    expect(Number(metrics.accuracy)).toBeLessThanOrEqual(1 - Number(metrics.hamming_loss))

    const form = new FormData()
    form.append('images', golden('digit.golden.png'), 'seven.png')
    const { predictions } = await service.upload<Predictions>(`/v1/checkpoints/${run.checkpoint_id}/predict/images`, form)
    expect(predictions[0]?.classes?.map(({ label }) => label).sort()).toEqual(['even', 'large'])
  }, 240_000)
})
