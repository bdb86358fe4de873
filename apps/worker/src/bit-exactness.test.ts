// Requirements 3 and 4 for everything that has a state: a run that is killed again and again leaves the same weights, optimizer and metrics as
// one that nobody disturbs. The kills of real processes are in worker.test.ts and tests/chaos.

import { newUuid, type RunConfigInput } from '@trainyard/contracts'
import { openOnednn } from '@trainyard/engine/backends'
import { optimizerConfigSchema } from '@trainyard/engine/spec'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digitFiles } from './testing/samples.ts'
import { type Dataset, type Recorded, TrainerInProcess } from './testing/trainer-in-process.ts'

type TrainInput = Extract<RunConfigInput, { kind: 'train' }>
type Training = TrainInput['training']
type Schedule = NonNullable<Training['schedule']>

/** Steps of an epoch: 96 rows by 16, and the last batch of 90 is not full. */
const ROWS = 90
const BATCH = 16
const EPOCHS = 3

const NOISE: readonly object[] = [{ type: 'gaussian_noise', std: 0.05 }]
const FAST = { type: 'adam', learning_rate: 0.05 }

/** Every optimizer that there is, with its defaults; and variants that keep other states. */
const OPTIMIZERS: readonly [string, unknown][] = [
  ...optimizerConfigSchema.options.map((option): [string, unknown] => {
    const { type } = option.shape
    return [type.value, { type: type.value, learning_rate: 0.01 }]
  }),
  ['sgd with momentum', { type: 'sgd', learning_rate: 0.01, momentum: 0.9 }],
  ['sgd with Nesterov momentum', { type: 'sgd', learning_rate: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.001 }],
]

/** Every family of schedules. */
const SCHEDULES: { readonly [T in Schedule['type']]: Omit<Extract<Schedule, { type: T }>, 'type'> } = {
  constant: { warmup: { steps: 7 } },
  step: { step_size: 5, gamma: 0.5, per: 'step' },
  multi_step: { milestones: [1, 2], gamma: 0.3, warmup: { steps: 3, start_factor: 0.1 } },
  exponential: { gamma: 0.7 },
  cosine: { minimum: 0.0001, warmup: { steps: 4 } },
  one_cycle: {},
  // Nothing is better by so much: the rate falls with every evaluation.
  reduce_on_plateau: { patience: 0, factor: 0.5, threshold: 1000, threshold_mode: 'absolute' },
}

interface Feature {
  readonly layers?: 'plain' | 'normalized'
  /** Beside the class, the samples are reconstructed. */
  readonly isHeaded?: boolean
  readonly training?: object
  /** Of the final result. */
  readonly result?: object
}

const FEATURES: readonly [string, Feature][] = [
  ...Object.entries(SCHEDULES).map(([type, schedule]): [string, Feature] => [
    `the schedule ${type}`,
    { training: { schedule: { type, ...schedule } } },
  ]),
  ['batch norm, layer norm and dropout', { layers: 'normalized' }],
  [
    // The first evaluation stays the best: two later the run ends with its weights.
    'early stopping with the best weights restored',
    {
      layers: 'normalized',
      training: { epochs: 30, early_stopping: { patience: 2, min_delta: 1000 }, optimizer: { type: 'adam', learning_rate: 0.01 } },
      result: { best: { step: 6, restored: true }, steps: 18 },
    },
  ],
  ['early stopping without', { training: { epochs: 30, early_stopping: { patience: 2, min_delta: 1000, restore_best: false } } }],
  ['gradients clipped by norm', { training: { gradient_clipping: { norm: 0.05 } } }],
  ['gradients clipped by value', { training: { gradient_clipping: { value: 0.001 } } }],
  [
    'parameter groups',
    {
      training: {
        optimizer: {
          type: 'adamw',
          learning_rate: 0.01,
          weight_decay_on: 'weights',
          parameter_groups: [
            { parameters: ['first.weight'], learning_rate_factor: 0.1, weight_decay: 0 },
            { parameters: ['first.*'], frozen: true },
            { parameters: ['*.bias'], learning_rate: 0.02 },
          ],
        },
      },
    },
  ],
  ['a bound on the norms of weights', { training: { regularization: { max_norm: 0.5 } } }],
  ['penalties on the weights', { training: { regularization: { l1: 0.001, l2: 0.01, on: 'all' } } }],
  ['label smoothing', { training: { loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1 } } }],
  ['hinge loss', { training: { loss: { type: 'hinge' } } }],
  ['norms of gradients recorded', { training: { diagnostics: { gradient_norms: true } } }],
  ['metrics of every evaluation', { training: { evaluate: { metrics: ['f1', 'top_k'], top_k: 2 } } }],
  [
    'two heads, one of them a reconstruction without the noise',
    {
      layers: 'normalized',
      isHeaded: true,
      training: {
        augmentation: NOISE,
        heads: {
          label: { loss: { type: 'softmax_cross_entropy' } },
          decoded: { target: 'input', loss: { type: 'squared_error' }, weight: 0.5 },
        },
      },
    },
  ],
  ['a sample, in order, without the last batch', { training: { sample_limit: 70, drop_last: true, shuffle: false } }],
  ['a stop by a metric', { training: { stop_when: { metric: 'train/loss', value: 0.5 }, epochs: 40, optimizer: FAST } }],
  [
    'all of it at once',
    {
      layers: 'normalized',
      training: {
        optimizer: { type: 'rmsprop', learning_rate: 0.003, momentum: 0.5, centered: true, weight_decay: 0.001 },
        schedule: { type: 'cosine', warmup: { steps: 4 } },
        gradient_clipping: { norm: 0.5 },
        regularization: { max_norm: 2, l2: 0.001 },
        loss: { type: 'softmax_cross_entropy', label_smoothing: 0.1 },
        early_stopping: { patience: 20 },
        augmentation: NOISE,
      },
    },
  ],
]

const AUGMENTED: readonly object[] = [{ type: 'translation', horizontal: 0.1, vertical: 0.1 }, ...NOISE]

const hasOnednn = openOnednn().available

/** A way to compute, with data and layers that it is for. */
interface Engine {
  readonly name: string
  readonly backend: Training['backend']
  readonly isAvailable: boolean
  readonly data: 'digits' | 'table'
  /** Part of what the checkpoint says of it. */
  readonly fingerprint: string
}

const ENGINES: readonly Engine[] = [
  { name: 'reference', backend: 'reference', isAvailable: true, data: 'digits', fingerprint: 'reference 1 float32' },
  { name: 'oneDNN', backend: 'onednn', isAvailable: hasOnednn, data: 'digits', fingerprint: 'onednn' },
  // Chosen for networks that are so small.
  { name: 'vectors in WebAssembly', backend: 'auto', isAvailable: true, data: 'table', fingerprint: 'vectors' },
]

const LAYERS = {
  digits: {
    shape: [1, 28, 28],
    classes: 10,
    plain: [
      { type: 'conv2d', id: 'first', filters: 4, kernel: 3 },
      { type: 'relu' },
      { type: 'max_pool2d', kernel: 4 },
      { type: 'flatten' },
    ],
    normalized: [
      { type: 'conv2d', id: 'first', filters: 4, kernel: 3 },
      { type: 'batch_norm' },
      { type: 'relu' },
      { type: 'max_pool2d', kernel: 4 },
      { type: 'spatial_dropout', rate: 0.2 },
      { type: 'flatten' },
      { type: 'dropout', rate: 0.3 },
      { type: 'layer_norm' },
    ],
  },
  table: {
    shape: [4],
    classes: 3,
    plain: [{ type: 'dense', id: 'first', units: 8 }, { type: 'tanh' }],
    normalized: [
      { type: 'dense', id: 'first', units: 8 },
      { type: 'batch_norm' },
      { type: 'relu' },
      { type: 'dropout', rate: 0.3 },
      { type: 'layer_norm' },
    ],
  },
} as const

/** Three classes that overlap, and a tenth of the rows for tests. */
function table(): Uint8Array {
  const rows = Array.from({ length: ROWS + 10 }, (_, i) => {
    const features = [1, 2, 3, 4].map((j) => (i % 3) * 0.5 + Math.sin(i * j))
    return [...features.map((value) => value.toFixed(4)), 'abc'[i % 3]].join(',')
  })
  return Buffer.from(`p,q,r,s,y\n${rows.join('\n')}\n`)
}

const timeless = ({ result }: Recorded) => ({ ...result, seconds: null, samples_per_second: null })

describe('requirements 3 and 4: killed after every checkpoint', () => {
  let trainer: TrainerInProcess
  let datasets: Readonly<Record<Engine['data'], Dataset>>

  beforeAll(async () => {
    trainer = await TrainerInProcess.open()
    datasets = {
      digits: await trainer.prepare(await digitFiles(ROWS, 32), {}),
      table: await trainer.prepare({ file: table() }, { target: 'y', target_kind: 'class', test_fraction: 0.1 }),
    }
  })
  afterAll(() => trainer?.close())

  const config = (data: Engine['data'], { layers = 'plain', isHeaded = false }: Feature, training: object): TrainInput => {
    const { shape, classes, [layers]: hidden } = LAYERS[data]
    const size = shape.reduce((product: number, length) => product * length, 1)
    const headed = {
      version: 1,
      inputs: { sample: { shape } },
      nodes: [
        { type: 'sequential', id: 'body', layers: hidden, inputs: ['sample'] },
        { type: 'dense', id: 'label', units: classes, inputs: ['body'] },
        { type: 'dense', id: 'decoded', units: size, inputs: ['body'] },
      ],
      outputs: ['label', 'decoded'],
    }
    const chain = { version: 1, input: { shape }, layers: [...hidden, { type: 'dense', units: classes }] }
    return {
      kind: 'train',
      dataset_version_id: newUuid(),
      transfer: null,
      spec: (isHeaded ? headed : chain) as unknown as TrainInput['spec'],
      training: { epochs: EPOCHS, batch_size: BATCH, seed: 5, log_every_steps: 1, checkpoint: { every_steps: 4 }, ...training } as Training,
    }
  }

  /** Killed when its second checkpoint is written and nobody knows of it yet; until one attempt comes to the end. */
  async function withKills(run: TrainInput, dataset: Dataset): Promise<Recorded & { readonly attempts: number }> {
    const all: Recorded = { points: new Map(), checkpoints: [], fingerprint: null, result: null }
    for (let attempts = 1; ; attempts++) {
      const resume = all.checkpoints.at(-1)?.file ?? null
      const { points, checkpoints, fingerprint, result } = await trainer.run(run, { dataset, resume }, 1)
      for (const [key, value] of points) {
        // What is trained again has the bits of the first time.
        if (all.points.has(key)) expect([key, value]).toEqual([key, all.points.get(key)])
        all.points.set(key, value)
      }
      all.checkpoints.push(...checkpoints)
      if (result !== null) return { ...all, fingerprint, result, attempts }
      expect(attempts).toBeLessThan(100)
    }
  }

  async function expectExact({ data, backend, fingerprint }: Engine, feature: Feature): Promise<void> {
    const { training = {}, result = {} } = feature
    const run = config(data, feature, { backend, ...training })
    const undisturbed = await trainer.run(run, { dataset: datasets[data] })
    const killed = await withKills(run, datasets[data])
    expect(killed.attempts).toBeGreaterThan(2)
    expect([killed.fingerprint, undisturbed.fingerprint]).toEqual(Array(2).fill(expect.stringContaining(fingerprint)))
    const final = ({ checkpoints }: Recorded) => checkpoints.find(({ kind }) => kind === 'final')?.file
    expect(final(killed)?.sha256).toBe(final(undisturbed)?.sha256)
    expect(final(undisturbed)).toBeDefined()
    // Its last words were not heard: only the file of its end is known.
    const again = await trainer.run(run, { dataset: datasets[data], resume: final(undisturbed) ?? null })
    expect(final(again)?.sha256).toBe(final(undisturbed)?.sha256)
    expect(timeless(again)).toEqual(timeless(undisturbed))
    expect([...killed.points].sort()).toEqual([...undisturbed.points].sort())
    expect([killed.result, undisturbed.result]).toMatchObject([result, result])
    const steps = [...undisturbed.points.keys()].filter((key) => key.startsWith('train/loss ')).map((key) => Number(key.split(' ')[1]))
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1))
  }

  for (const engine of ENGINES) {
    describe.skipIf(!engine.isAvailable)(engine.name, () => {
      it.each(OPTIMIZERS)('%s', (_, optimizer) => expectExact(engine, { training: { optimizer } }))
      it.each(FEATURES)('%s', (_, feature) => expectExact(engine, feature))
      const weights = Array.from({ length: LAYERS[engine.data].classes }, (_, i) => 1 + i / 2)
      it('weights of classes', () => expectExact(engine, { training: { loss: { type: 'softmax_cross_entropy', class_weights: weights } } }))
      it('augmentation', () => expectExact(engine, { training: { augmentation: engine.data === 'digits' ? AUGMENTED : NOISE } }))
    })
  }

  it('a verification of each interval finds the same bits, and other bits where something was changed', async () => {
    const run = config('digits', { layers: 'normalized' }, {})
    const dataset = datasets.digits
    const { checkpoints } = await trainer.run(run, { dataset })
    const { kind: _kind, transfer: _transfer, ...same } = run
    const verify = async (from: number | null, to: number, changes: object = {}) => {
      const grant = (i: number | null) => (i === null ? null : (checkpoints[i]?.file ?? null))
      const ids = { run_id: newUuid(), checkpoint_id: from === null ? null : newUuid(), target_checkpoint_id: newUuid() }
      const input = { ...same, kind: 'verify', ...ids, ...changes } as RunConfigInput
      return (await trainer.run(input, { dataset, resume: grant(from), source_checkpoint: grant(to) })).result
    }
    for (let to = 0; to < checkpoints.length; to++) {
      const from = to === 0 ? null : to - 1
      const expected = { from_step: from === null ? 0 : checkpoints[from]?.step, to_step: checkpoints[to]?.step }
      expect(await verify(from, to)).toMatchObject({ kind: 'verify', equal: true, same_fingerprint: true, ...expected })
    }
    const other = { ...run.training, seed: 6 }
    expect(await verify(0, 1, { training: other })).toMatchObject({ equal: false, same_fingerprint: true })
    const backend = { ...run.training, backend: hasOnednn ? 'reference' : 'auto' }
    if (hasOnednn) expect(await verify(0, 1, { training: backend })).toMatchObject({ same_fingerprint: false })
  })
})
