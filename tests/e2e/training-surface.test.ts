// Everything that the API promises about training, item by item: each is in its OpenAPI document, and a job that uses it is accepted.
// And what no page of the lectures shows, as whole runs: metrics of a classification, several losses at once, columns for several inputs.

import type { Checkpoint, DatasetVersion, Job, Metrics, Prediction, Run } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digitFilesOf, type PageData } from '../lectures/data.ts'
import { type Service, startService } from './service.ts'
import { uploadData } from './upload-data.ts'

type Json = Readonly<Record<string, unknown>>

const CLASSES = 10

/** Sixty rows: two numbers and a colour; a class of three, two of a kind, and numbers. */
const ROWS = Array.from({ length: 60 }, (_, i) => {
  const [x, y] = [Math.sin(i), Math.cos(1.7 * i)]
  const colour = ['red', 'green', 'blue'][i % 3]
  const kind = x + y > 0.5 ? 'high' : x - y > 0 ? 'middle' : 'low'
  return {
    x,
    y,
    colour,
    kind,
    half: kind === 'low' ? 'low' : 'other',
    sum: x + y,
    share: 0.25 + 0.125 * (i % 4),
    rest: 0.75 - 0.125 * (i % 4),
  }
})
const table = (...columns: (keyof (typeof ROWS)[number])[]) =>
  [columns, ...ROWS.map((row) => columns.map((name) => row[name]))].map((line) => line.join()).join('\n')

const TABLES = {
  classes: { content: table('x', 'y', 'colour', 'half', 'kind'), options: { target: 'kind', target_kind: 'class', coarse_target: 'half' } },
  binary: { content: table('x', 'y', 'half'), options: { target: 'half', target_kind: 'class' } },
  values: { content: table('x', 'y', 'sum'), options: { target: 'sum', target_kind: 'value' } },
  shares: { content: table('x', 'y', 'share', 'rest'), options: { target: ['share', 'rest'], target_kind: 'value' } },
} as const
type Data = keyof typeof TABLES | 'digits'

const onImages = (...layers: Json[]) => ({
  version: 1,
  input: { shape: [1, 28, 28] },
  layers: [...layers, { type: 'flatten' }, { type: 'dense', units: CLASSES }],
})
const onRows = (units: number, ...layers: Json[]) => ({
  version: 1,
  input: { shape: [2] },
  layers: [{ type: 'dense', units: 4 }, ...layers, { type: 'dense', units }],
})
const image = (...layers: Json[]) => ({ dataset: 'digits' as Data, model: onImages(...layers) })
const row = (...layers: Json[]) => ({ dataset: 'values' as Data, model: onRows(1, ...layers) })
const joint = (type: string) => ({
  dataset: 'values' as Data,
  model: {
    version: 1,
    inputs: { rows: { shape: [2] } },
    nodes: [
      { type: 'dense', id: 'a', units: 3, inputs: ['rows'] },
      { type: 'dense', id: 'b', units: 3, inputs: ['rows'] },
      { type, id: 'joined', inputs: ['a', 'b'] },
      { type: 'dense', id: 'out', units: 1, inputs: ['joined'] },
    ],
    outputs: ['out'],
  },
})
const conv = (more: Json = {}) => ({ type: 'conv2d', filters: 2, kernel: 3, ...more })
const training = (more: Json, dataset: Data = 'values') => {
  const units = dataset === 'shares' ? 2 : dataset === 'classes' ? 3 : 1
  const model = dataset === 'classes' ? { version: 1, input: { shape: [5] }, layers: [{ type: 'dense', units }] } : onRows(units)
  return { dataset, model, training: more }
}
const loss = (config: Json, dataset: Data = 'values') => training({ loss: config }, dataset)
const metric = (name: string, dataset: Data) => training({ evaluate: { metrics: [name] } }, dataset)
const optimizer = (config: Json) => training({ optimizer: config })
const schedule = (config: Json) => training({ schedule: config })
const initializer = (config: Json) => ({
  dataset: 'values' as Data,
  model: onRows(1, { type: 'dense', units: 4, weight_initializer: config }),
})
const preset = (name: string, options: Json) => ({ model: { version: 1, preset: { name, options } } })
const augmented = (config: Json) => ({ ...image(), training: { augmentation: [config] } })

/** Item → a job (without `kind`) that uses it; `names` are what the OpenAPI document must know, by default the item's last word. */
const ITEMS: Readonly<Record<string, { readonly dataset?: Data; readonly model: Json; readonly training?: Json }>> = {
  'layer dense': row({ type: 'dense', units: 3 }),
  'layer conv2d': image(conv({ stride: 2, padding: 1, dilation: 2 })),
  'layer conv2d, same padding': image(conv({ padding: 'same' })),
  'layer conv2d, groups': image(conv(), conv({ groups: 2 })),
  'layer conv2d, depthwise': image(conv(), { type: 'conv2d', filters: 4, kernel: 3, groups: 2 }),
  'layer conv_transpose2d': image({ type: 'conv_transpose2d', filters: 2, kernel: 2, stride: 2 }),
  'layer max_pool2d': image({ type: 'max_pool2d' }),
  'layer avg_pool2d': image({ type: 'avg_pool2d' }),
  'layer global_max_pool2d': {
    dataset: 'digits',
    model: {
      version: 1,
      input: { shape: [1, 28, 28] },
      layers: [conv(), { type: 'global_max_pool2d' }, { type: 'dense', units: CLASSES }],
    },
  },
  'layer global_avg_pool2d': {
    dataset: 'digits',
    model: {
      version: 1,
      input: { shape: [1, 28, 28] },
      layers: [conv(), { type: 'global_avg_pool2d' }, { type: 'dense', units: CLASSES }],
    },
  },
  'layer upsample': image({ type: 'upsample' }),
  'layer flatten': image(),
  'layer reshape': image({ type: 'reshape', shape: [4, 14, 14] }),
  'layer add': joint('add'),
  'layer concatenate': joint('concatenate'),
  'layer batch_norm': image(conv(), { type: 'batch_norm' }),
  'layer layer_norm': row({ type: 'layer_norm' }),
  'layer dropout': row({ type: 'dropout', rate: 0.3 }),
  'layer spatial_dropout': image(conv(), { type: 'spatial_dropout', rate: 0.3 }),
  'layer sequential': row({ type: 'sequential', layers: [{ type: 'dense', units: 3 }, { type: 'relu' }] }),
  'layer residual': row({ type: 'residual', layers: [{ type: 'dense', units: 4 }], activation: 'relu' }),
  'activation threshold': row({ type: 'threshold' }),
  'activation sigmoid': row({ type: 'sigmoid' }),
  'activation tanh': row({ type: 'tanh' }),
  'activation relu': row({ type: 'relu' }),
  'activation leaky_relu': row({ type: 'leaky_relu', negative_slope: 0.1 }),
  'activation elu': row({ type: 'elu', alpha: 0.5 }),
  'activation gelu': row({ type: 'gelu' }),
  'activation silu': row({ type: 'silu' }),
  'activation softplus': row({ type: 'softplus' }),
  'activation softmax': row({ type: 'softmax' }),
  'loss squared_error': loss({ type: 'squared_error' }),
  'loss squared_error, half_sum': loss({ type: 'squared_error', reduction: 'half_sum' }),
  'loss absolute_error': loss({ type: 'absolute_error' }),
  'loss huber': loss({ type: 'huber', delta: 0.5 }),
  'loss binary_cross_entropy': loss({ type: 'binary_cross_entropy', positive_weight: 2 }, 'binary'),
  'loss softmax_cross_entropy': loss({ type: 'softmax_cross_entropy', label_smoothing: 0.1, class_weights: 'balanced' }, 'classes'),
  'loss hinge': loss({ type: 'hinge' }, 'binary'),
  'loss kl_divergence': loss({ type: 'kl_divergence' }, 'shares'),
  'metric accuracy': metric('accuracy', 'classes'),
  'metric top_k': metric('top_k', 'classes'),
  'metric precision': metric('precision', 'classes'),
  'metric recall': metric('recall', 'classes'),
  'metric f1': metric('f1', 'classes'),
  'metric roc_auc': metric('roc_auc', 'classes'),
  'metric mae': metric('mae', 'values'),
  'metric rmse': metric('rmse', 'values'),
  'metric r2': metric('r2', 'values'),
  'optimizer sgd': optimizer({ type: 'sgd', learning_rate: 0.1 }),
  'optimizer sgd, nesterov': optimizer({ type: 'sgd', learning_rate: 0.1, momentum: 0.9, nesterov: true }),
  'optimizer adagrad': optimizer({ type: 'adagrad' }),
  'optimizer rmsprop': optimizer({ type: 'rmsprop', momentum: 0.9, centered: true }),
  'optimizer adam': optimizer({ type: 'adam' }),
  'optimizer adamw': optimizer({ type: 'adamw', weight_decay: 0.05 }),
  'optimizer adam, parameter_groups': optimizer({
    type: 'adam',
    parameter_groups: [
      { parameters: ['fc1.*'], frozen: true },
      { parameters: ['fc2.weight'], learning_rate_factor: 0.1, weight_decay: 0.01 },
    ],
  }),
  'schedule constant, warmup': schedule({ type: 'constant', warmup: { steps: 2 } }),
  'schedule step': schedule({ type: 'step', step_size: 2 }),
  'schedule multi_step': schedule({ type: 'multi_step', milestones: [1, 3] }),
  'schedule exponential': schedule({ type: 'exponential', gamma: 0.9 }),
  'schedule cosine': schedule({ type: 'cosine' }),
  'schedule one_cycle': schedule({ type: 'one_cycle' }),
  'schedule reduce_on_plateau': schedule({ type: 'reduce_on_plateau' }),
  'regularization l1': training({ regularization: { l1: 0.001 } }),
  'regularization l2': training({ regularization: { l2: 0.001 } }),
  'regularization max_norm': training({ regularization: { max_norm: 3 } }),
  'regularization weight_decay': optimizer({ type: 'sgd', learning_rate: 0.1, weight_decay: 0.01 }),
  'regularization gradient_clipping, norm': training({ gradient_clipping: { norm: 1 } }),
  'regularization gradient_clipping, value': training({ gradient_clipping: { value: 1 } }),
  early_stopping: training({ early_stopping: { metric: 'eval/loss', patience: 2, restore_best: true } }),
  'initializer zeros': initializer({ type: 'zeros' }),
  'initializer constant': initializer({ type: 'constant', value: 0.5 }),
  'initializer normal': initializer({ type: 'normal', std: 0.1 }),
  'initializer uniform': initializer({ type: 'uniform', low: -1, high: 1 }),
  'initializer xavier_uniform': initializer({ type: 'xavier_uniform' }),
  'initializer xavier_normal': initializer({ type: 'xavier_normal' }),
  'initializer he_uniform': initializer({ type: 'he_uniform' }),
  'initializer he_normal': initializer({ type: 'he_normal' }),
  'initializer lecun_uniform': initializer({ type: 'lecun_uniform' }),
  'initializer lecun_normal': initializer({ type: 'lecun_normal' }),
  'initializer orthogonal': initializer({ type: 'orthogonal' }),
  'augmentation horizontal_flip': augmented({ type: 'horizontal_flip' }),
  'augmentation vertical_flip': augmented({ type: 'vertical_flip' }),
  'augmentation rotation': augmented({ type: 'rotation', degrees: 10 }),
  'augmentation scale': augmented({ type: 'scale', factor: [0.8, 1.2] }),
  'augmentation random_crop': augmented({ type: 'random_crop', padding: 2 }),
  'augmentation contrast': augmented({ type: 'contrast', factor: 0.2 }),
  'augmentation brightness': augmented({ type: 'brightness', factor: 0.2 }),
  'augmentation elastic_distortion': augmented({ type: 'elastic_distortion' }),
  'augmentation cutout': augmented({ type: 'cutout', size: 8 }),
  'augmentation gaussian_noise': augmented({ type: 'gaussian_noise', std: 0.1 }),
  'augmentation masking': augmented({ type: 'masking', fraction: 0.2 }),
}

/** Preset → options → published learned numbers: Krizhevsky's, Simonyan's and He's as torchvision counts them, LeCun's and He's CIFAR networks as theirs. */
const PRESETS: readonly (readonly [name: string, options: Json, parameters: number | null])[] = [
  ['lenet5', {}, 61_706],
  ['alexnet', {}, 61_100_840],
  ['vgg11', {}, 132_863_336],
  ['vgg13', {}, 133_047_848],
  ['vgg16', {}, 138_357_544],
  ['vgg19', {}, 143_667_240],
  ['resnet18', {}, 11_689_512],
  ['resnet34', {}, 21_797_672],
  ['resnet50', {}, 25_557_032],
  // Option A: the shortcuts of He et al. on CIFAR-10 have no weights.
  ['resnet20', {}, 269_722],
  ['resnet32', {}, 464_154],
  ['resnet44', {}, 658_586],
  ['resnet56', {}, 853_018],
  ['resnet110', {}, 1_727_962],
  ['plain20', {}, 269_722],
  ['plain56', {}, 853_018],
  ['mlp', { sizes: [2, 3, 1] }, 13],
  ['dense_autoencoder', {}, null],
  ['conv_autoencoder', {}, null],
]

let service: Service
const datasets = new Map<Data, DatasetVersion>()
beforeAll(async () => {
  service = await startService({ redis: false })
  const uploads: readonly (readonly [Data, PageData])[] = [
    ...Object.entries(TABLES).map(
      ([name, { content, options }]) =>
        [name as Data, { files: { file: Buffer.from(content) }, options: options as PageData['options'] }] as const,
    ),
    ['digits', { files: digitFilesOf({ train: 64, test: 32 }), options: {} }],
  ]
  for (const [name, data] of uploads) datasets.set(name, await uploadData(service, name, data.files, data.options))
})
afterAll(async () => {
  await service?.stop()
})

const idOf = (name: Data) => datasets.get(name)?.dataset_id

async function train(job: { readonly dataset: Data; readonly model: Json; readonly training: Json }): Promise<Run> {
  const { id } = await service.request<Job>('POST', '/v1/jobs', { ...job, kind: 'train', dataset: idOf(job.dataset) })
  const done = await service.waitForJob<Job>(id)
  expect(done.failure).toBeNull()
  return await service.request<Run>('GET', `/v1/runs/${done.run_ids[0]}`)
}

describe('the API takes', () => {
  it('every item, each by a job of its own', async () => {
    const refused: string[] = []
    for (const [item, { dataset = 'values', ...job }] of Object.entries(ITEMS)) {
      const answer = service.request<{ object: string }>('POST', '/v1/jobs?validate_only=true', {
        kind: 'train',
        ...job,
        dataset: idOf(dataset),
      })
      await answer.catch((error: Error) => refused.push(`${item}: ${error.message}`))
    }
    expect(refused).toEqual([])
  })

  it('every preset, with the published number of parameters', async () => {
    const found: unknown[] = []
    for (const [name, options, published] of PRESETS) {
      const { parameters } = await service.request<{ parameters: number }>('POST', '/v1/models/validate', {
        spec: preset(name, options).model,
      })
      found.push([name, published === null ? null : parameters])
    }
    expect(found).toEqual(PRESETS.map(([name, , parameters]) => [name, parameters]))
  })

  it('nothing that its OpenAPI document does not name', async () => {
    const names = new Set<unknown>()
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'const') names.add(inner)
        if (key === 'enum' && Array.isArray(inner)) for (const each of inner) names.add(each)
        if (key === 'properties' && typeof inner === 'object' && inner !== null) for (const each of Object.keys(inner)) names.add(each)
        collect(inner)
      }
    }
    collect(await service.request('GET', '/openapi.json'))
    const used = Object.keys(ITEMS).flatMap((item) =>
      item.replace(/^(layer|activation|loss|metric|optimizer|schedule|regularization|initializer|augmentation) /, '').split(', '),
    )
    // What is a value or a use, not a name of the interface.
    const uses = new Set(['depthwise', 'groups', 'same padding', 'warmup', 'nesterov'])
    expect(used.filter((name) => !names.has(name) && !uses.has(name))).toEqual([])
  })
})

describe('runs through the API', () => {
  it('report precision, recall, F1, ROC-AUC, class by class and as a confusion matrix', async () => {
    const run = await train({
      dataset: 'classes',
      model: { version: 1, input: { shape: [5] }, layers: [{ type: 'dense', units: 16 }, { type: 'tanh' }, { type: 'dense', units: 3 }] },
      training: {
        epochs: 40,
        batch_size: 16,
        optimizer: { type: 'adam', learning_rate: 0.02 },
        evaluate: { metrics: ['accuracy', 'precision', 'recall', 'f1', 'roc_auc', 'top_k'], top_k: 2 },
      },
    })
    if (run.result?.kind !== 'train' || run.result.evaluation === undefined) throw new Error('the run has no evaluation')
    const { metrics, evaluation } = run.result
    const { classes, confusion_matrix: confusion } = evaluation
    if (confusion === null) throw new Error('there is no confusion matrix')
    const rows = datasets.get('classes')?.splits.test?.rows ?? 0
    expect(classes.map(({ label }) => label).sort()).toEqual(['high', 'low', 'middle'])
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    expect(sum(confusion.flat())).toBe(rows)
    // All from the matrix, by the definitions.
    const scores = confusion.map((line, i) => {
      const hits = line[i] ?? 0
      const predicted = sum(confusion.map((other) => other[i] ?? 0))
      return { support: sum(line), precision: predicted === 0 ? 0 : hits / predicted, recall: hits / sum(line) }
    })
    expect(classes.map(({ support, precision, recall }) => ({ support, precision, recall }))).toEqual(
      scores.map(({ support, precision, recall }) => ({
        support,
        precision: expect.closeTo(precision, 10),
        recall: expect.closeTo(recall, 10),
      })),
    )
    const macro = (score: 'precision' | 'recall') => sum(scores.map((each) => each[score])) / 3
    const f1 =
      sum(scores.map(({ precision, recall }) => (precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)))) / 3
    expect(Number(metrics['eval/accuracy'])).toBeCloseTo(sum(confusion.map((line, i) => line[i] ?? 0)) / rows, 10)
    expect(Number(metrics['eval/precision_macro'])).toBeCloseTo(macro('precision'), 10)
    expect(Number(metrics['eval/recall_macro'])).toBeCloseTo(macro('recall'), 10)
    expect(Number(metrics['eval/f1_macro'])).toBeCloseTo(f1, 10)
    expect(Number(metrics['eval/roc_auc'])).toBeGreaterThan(0.8)
    expect(Number(metrics['eval/top_2_accuracy'])).toBeGreaterThanOrEqual(Number(metrics['eval/accuracy']))
  })

  it('train several outputs at once: a class, its coarse class and a reconstruction, from columns for two inputs', async () => {
    const run = await train({
      dataset: 'classes',
      model: {
        version: 1,
        inputs: { wide: { shape: [3] }, deep: { shape: [2] } },
        nodes: [
          { type: 'dense', id: 'hidden', units: 16, inputs: ['deep'] },
          { type: 'tanh', id: 'code', inputs: ['hidden'] },
          { type: 'concatenate', id: 'all', inputs: ['code', 'wide'] },
          { type: 'dense', id: 'fine', units: 3, inputs: ['all'] },
          { type: 'dense', id: 'coarse', units: 2, inputs: ['all'] },
          { type: 'dense', id: 'decoded', units: 5, inputs: ['all'] },
        ],
        outputs: ['fine', 'coarse', 'decoded'],
      },
      training: {
        epochs: 60,
        batch_size: 16,
        seed: 3,
        optimizer: { type: 'adam', learning_rate: 0.02 },
        inputs: { wide: ['colour'], deep: ['x', 'y'] },
        heads: {
          fine: { loss: { type: 'softmax_cross_entropy', class_weights: 'balanced' }, metrics: ['accuracy', 'f1'] },
          coarse: { target: 'coarse', loss: { type: 'softmax_cross_entropy' } },
          decoded: { target: 'input', loss: { type: 'squared_error' }, weight: 0.5 },
        },
        early_stopping: { metric: 'eval/fine/loss', patience: 60 },
      },
    })
    if (run.result?.kind !== 'train') throw new Error('the run has no result')
    const { metrics, head_evaluations: reports, evaluation } = run.result
    const at = (name: string) => Number(metrics[name])
    expect(at('train/loss')).toBeCloseTo(at('train/fine/loss') + at('train/coarse/loss') + 0.5 * at('train/decoded/loss'), 10)
    expect(at('eval/loss')).toBeCloseTo(at('eval/fine/loss') + at('eval/coarse/loss') + 0.5 * at('eval/decoded/loss'), 10)
    expect(at('eval/decoded/mse')).toBeCloseTo(at('eval/decoded/loss'), 5)
    expect(at('eval/fine/accuracy')).toBeGreaterThan(0.7)
    expect(at('eval/coarse/accuracy')).toBeGreaterThan(0.7)
    expect(at('eval/decoded/mse')).toBeLessThan(0.2)
    expect(evaluation).toBeUndefined()
    expect(Object.entries(reports ?? {}).map(([head, { classes }]) => [head, classes.map(({ label }) => label).sort()])).toEqual([
      ['fine', ['high', 'low', 'middle']],
      ['coarse', ['low', 'other']],
    ])
    const series = await service.request<Metrics>(
      'GET',
      `/v1/runs/${run.id}/metrics?names=train/loss,train/decoded/loss,eval/fine/f1_macro`,
    )
    expect(series.series.map(({ name }) => name).sort()).toEqual(['eval/fine/f1_macro', 'train/decoded/loss', 'train/loss'])

    const { predictions } = await service.request<{ predictions: Prediction[] }>('POST', `/v1/checkpoints/${run.checkpoint_id}/predict`, {
      inputs: [{ x: 0.9, y: 0.8, colour: 'red' }],
    })
    const [prediction] = predictions
    expect(prediction?.heads?.fine?.classes?.[0]?.label).toBe('high')
    expect(prediction?.heads?.coarse?.classes?.[0]?.label).toBe('other')
    expect(prediction?.heads?.decoded?.outputs).toHaveLength(5)
    expect(prediction?.classes).toEqual(prediction?.heads?.fine?.classes)

    const evaluated = await service.waitForJob<Job>(
      (
        await service.request<Job>('POST', '/v1/jobs', {
          kind: 'evaluate',
          checkpoint_id: run.checkpoint_id,
          dataset: idOf('classes'),
          split: 'test',
          batch_size: 7,
        })
      ).id,
    )
    if (evaluated.result?.kind !== 'evaluate') throw new Error(JSON.stringify(evaluated.failure))
    expect(Number(evaluated.result.metrics['decoded/loss'])).toBeCloseTo(at('eval/decoded/loss'), 5)
    expect(Object.keys(evaluated.result.head_evaluations ?? {})).toEqual(['fine', 'coarse'])
    const checkpoint = await service.request<Checkpoint>('GET', `/v1/checkpoints/${run.checkpoint_id}`)
    expect(checkpoint.metrics['eval/fine/loss']).toBe(metrics['eval/fine/loss'])
  })

  it('refuse heads that say two things, all mistakes at once', async () => {
    const job = {
      kind: 'train',
      dataset: idOf('classes'),
      model: joint('add').model,
      training: { loss: { type: 'huber' }, heads: { out: { loss: { type: 'hinge', margin: -1 } } }, inputs: { rows: ['x', 'z'] } },
    }
    const refusal = await service.request('POST', '/v1/jobs?validate_only=true', job).catch((error: Error) => error.message)
    expect(refusal).toContain('"training.heads.out.loss.margin"')
    expect(refusal).toContain('"training.loss"')
  })
})
