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

/** Steps of an epoch: 96 rows by 16, and the last batch of 90 is not full. */
const ROWS = 90
const BATCH = 16
const EPOCHS = 3

const PLAIN = [{ type: 'conv2d', filters: 4, kernel: 3 }, { type: 'relu' }, { type: 'max_pool2d', kernel: 4 }, { type: 'flatten' }]
const NORMALIZED = [
  { type: 'conv2d', filters: 4, kernel: 3 },
  { type: 'batch_norm' },
  { type: 'relu' },
  { type: 'max_pool2d', kernel: 4 },
  { type: 'spatial_dropout', rate: 0.2 },
  { type: 'flatten' },
  { type: 'dropout', rate: 0.3 },
  { type: 'layer_norm' },
]

/** Every optimizer that there is, with its defaults; and variants that keep other states. */
const OPTIMIZERS: readonly [string, unknown][] = [
  ...optimizerConfigSchema.options.map((option): [string, unknown] => {
    const { type } = option.shape
    return [type.value, { type: type.value, learning_rate: 0.01 }]
  }),
  ['sgd with momentum', { type: 'sgd', learning_rate: 0.01, momentum: 0.9 }],
  ['sgd with Nesterov momentum', { type: 'sgd', learning_rate: 0.01, momentum: 0.9, nesterov: true, weight_decay: 0.001 }],
]

const FEATURES: readonly [string, { readonly layers?: readonly object[]; readonly training?: object }][] = [
  ['batch norm, layer norm and dropout', { layers: NORMALIZED }],
  [
    'augmentation',
    {
      training: {
        augmentation: [
          { type: 'translation', horizontal: 0.1, vertical: 0.1 },
          { type: 'gaussian_noise', std: 0.05 },
        ],
      },
    },
  ],
  ['a sample, in order, without the last batch', { training: { sample_limit: 70, drop_last: true, shuffle: false } }],
  ['a stop by a metric', { training: { stop_when: { metric: 'train/loss', value: 1.9 }, epochs: 30 } }],
]

const hasOnednn = openOnednn().available

describe('requirements 3 and 4: killed after every checkpoint', () => {
  let trainer: TrainerInProcess
  let dataset: Dataset

  beforeAll(async () => {
    trainer = await TrainerInProcess.open()
    dataset = await trainer.prepare(await digitFiles(ROWS, 32), {})
  })
  afterAll(() => trainer?.close())

  const config = (layers: readonly object[], training: object): TrainInput => ({
    kind: 'train',
    dataset_version_id: newUuid(),
    transfer: null,
    spec: { version: 1, input: { shape: [1, 28, 28] }, layers: [...layers, { type: 'dense', units: 10 }] } as TrainInput['spec'],
    training: { epochs: EPOCHS, batch_size: BATCH, seed: 5, log_every_steps: 1, checkpoint: { every_steps: 4 }, ...training } as Training,
  })

  /** Killed when its second checkpoint is written and nobody knows of it yet; until one attempt comes to the end. */
  async function withKills(run: TrainInput): Promise<Recorded & { readonly attempts: number }> {
    const all: Recorded = { points: new Map(), checkpoints: [], result: null }
    for (let attempts = 1; ; attempts++) {
      const resume = all.checkpoints.at(-1)?.file ?? null
      const { points, checkpoints, result } = await trainer.run(run, { dataset, resume }, 1)
      for (const [key, value] of points) {
        // What is trained again has the bits of the first time.
        if (all.points.has(key)) expect([key, value]).toEqual([key, all.points.get(key)])
        all.points.set(key, value)
      }
      all.checkpoints.push(...checkpoints)
      if (result !== null) return { ...all, result, attempts }
      expect(attempts).toBeLessThan(100)
    }
  }

  async function expectExact(run: TrainInput): Promise<void> {
    const undisturbed = await trainer.run(run, { dataset })
    const killed = await withKills(run)
    expect(killed.attempts).toBeGreaterThan(2)
    const final = ({ checkpoints }: Recorded) => checkpoints.find(({ kind }) => kind === 'final')?.file.sha256
    expect(final(killed)).toBe(final(undisturbed))
    expect(final(undisturbed)).toBeDefined()
    expect([...killed.points].sort()).toEqual([...undisturbed.points].sort())
    const steps = [...undisturbed.points.keys()].filter((key) => key.startsWith('train/loss ')).map((key) => Number(key.split(' ')[1]))
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, i) => i + 1))
  }

  for (const backend of ['reference', 'onednn'] as const) {
    describe.skipIf(backend === 'onednn' && !hasOnednn)(backend, () => {
      it.each(OPTIMIZERS)('%s', (_, optimizer) => expectExact(config(PLAIN, { optimizer, backend })))
      it.each(FEATURES)('%s', (_, { layers = PLAIN, training = {} }) => expectExact(config(layers, { backend, ...training })))
    })
  }

  it('a verification of each interval finds the same bits, and other bits where something was changed', async () => {
    const run = config(NORMALIZED, {})
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
