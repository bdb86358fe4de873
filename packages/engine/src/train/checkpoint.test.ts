import { TrainyardError } from '@trainyard/errors'
import { describe, expect, it } from 'vitest'
import { concatenate, encode, parseHeader } from '../safetensors/index.ts'
import { parameterShapes } from '../spec/parameters.ts'
import { trainingConfigSchema } from '../spec/training-config.ts'
import { planTransfer } from '../spec/transfer-plan.ts'
import { validateModelSpec } from '../spec/validate-model.ts'
import { type CheckpointMetadata, decodeCheckpoint, decodeCheckpointHeader, encodeCheckpoint } from './checkpoint.ts'
import type { StateTensors } from './state.ts'
import { stateParameters, transferredState } from './transfer.ts'

const validated = validateModelSpec({ version: 1, preset: { name: 'mlp', options: { sizes: [2, 3, 1], activation: 'tanh' } } })
if (!validated.ok) throw new Error('not valid')
const spec = validated.spec

const state: StateTensors = new Map(
  parameterShapes(spec).flatMap(({ name, shape }, index) => {
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => index + i / 7)
    return [[`model.${name}`, { shape, data }] as const, [`optimizer.velocity.${name}`, { shape, data: data.map((x) => -x) }] as const]
  }),
)

const metadata: CheckpointMetadata = {
  format: 1,
  spec,
  training: trainingConfigSchema.parse({ loss: { type: 'squared_error' }, seed: 7 }),
  step: 12,
  epoch: 1.5,
  cursor: { epoch: 1, step_in_epoch: 4 },
  seed: 7,
  frozen: ['fc1.weight'],
  metrics: { 'train/loss': Number.NaN, 'test/loss': 0.1, 'test/best': Number.NEGATIVE_INFINITY },
  interval: { samples: 3, heads: [{ weight: 3, loss_sum: 0.30000000000000004, correct: 0 }] },
  evaluated_step: 8,
  plateau: { rate: 0.01, best: 0.5, waited: 2, cooldown: 1 },
  stopping: { best: { step: 8, value: 0.1, metrics: { 'eval/loss': 0.1 } }, waited: 3, restored: false },
  fingerprint: 'trainyard 0.1.0; reference 1; threads 1',
  dataset: {
    input: { kind: 'features', shape: [2], dtype: 'float32', columns: ['a', 'b'] },
    target: { kind: 'value', size: 1, columns: ['y'] },
    normalization: { scale: 1, mean: [0, 0.5], std: [1, 2] },
  },
}

/** Weights of another step. */
const best: StateTensors = new Map(
  [...state]
    .filter(([name]) => name.startsWith('model.'))
    .map(([name, { shape, data }]) => [name, { shape, data: data.map((x) => x + 1) }]),
)

const file = () => concatenate(encodeCheckpoint({ metadata, state, best }))

function failureOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof TrainyardError && error.code === 'corrupt_checkpoint') return error.message
    throw error
  }
  return 'accepted'
}

/** The same file with other metadata or tensors. */
function changed(change: (json: Record<string, unknown>) => unknown, tensors = state): Uint8Array {
  const json = JSON.parse(parseHeader(file()).metadata.get('trainyard') ?? '')
  change(json)
  const data = new Map([...tensors].map(([name, tensor]) => [name, { dtype: 'F32' as const, ...tensor }]))
  return concatenate(encode(data, new Map([['trainyard', JSON.stringify(json)]])))
}

describe('a checkpoint', () => {
  it('comes back as it was, with NaN, infinities and every bit', () => {
    const decoded = decodeCheckpoint(file())
    expect(decoded.metadata).toEqual(metadata)
    expect([...decoded.state.keys()].sort()).toEqual([...state.keys()].sort())
    for (const [name, tensor] of state) expect(decoded.state.get(name)).toEqual(tensor)
    expect(decoded.best).toEqual(best)
  })

  it('is the same file for the same content', () => {
    expect(file()).toEqual(file())
  })

  it('is known from its beginning alone', () => {
    const bytes = file()
    const { dataOffset } = parseHeader(bytes)
    expect(decodeCheckpointHeader(bytes.subarray(0, dataOffset), { fileBytes: bytes.length }).metadata.step).toBe(12)
  })

  it.each([
    ['a truncated file', () => file().subarray(0, 100), 'the file is not readable'],
    ['another safetensors file', () => concatenate(encode(new Map())), 'no checkpoint of ours'],
    ['metadata that are no JSON', () => concatenate(encode(new Map(), new Map([['trainyard', '{']]))), 'no JSON'],
    ['a later format', () => changed((json) => Object.assign(json, { format: 2 })), 'format 2; this release reads up to 1'],
    ['a negative step', () => changed((json) => Object.assign(json, { step: -1 })), 'trainyard.step'],
    ['no specification', () => changed((json) => delete json.spec), 'trainyard.spec'],
    [
      'a specification that is not valid',
      () =>
        changed((json) => Object.assign(json, { spec: { version: 1, input: { shape: [2, 2] }, layers: [{ type: 'dense', units: 1 }] } })),
      'its model is not valid',
    ],
    ['a missing tensor', () => changed(() => {}, new Map([...state].slice(1))), 'it has no tensor "model.fc1.weight"'],
    [
      'a tensor of another shape',
      () => changed(() => {}, new Map([...state, ['model.fc1.bias', { shape: [1], data: new Float32Array(1) }]])),
      '"model.fc1.bias" has the shape [1]; its model has [3]',
    ],
  ])('refuses %s and says what is wrong', (_, make, expected) => {
    expect(failureOf(() => decodeCheckpoint(make()))).toContain(expected)
  })
})

describe('transferredState', () => {
  it('has exactly the loaded parameters', () => {
    const plan = planTransfer(stateParameters(state), parameterShapes(spec), { exclude: ['fc2'] })
    expect(plan.issues).toEqual([])
    expect([...transferredState(plan, state).keys()]).toEqual(['model.fc1.weight', 'model.fc1.bias'])
    expect(transferredState(plan, state).get('model.fc1.bias')).toBe(state.get('model.fc1.bias'))
  })

  it('refuses a checkpoint that the plan was not made for', () => {
    const plan = planTransfer(stateParameters(state), parameterShapes(spec), {})
    expect(() => transferredState(plan, new Map())).toThrow('made for another one')
  })
})
