import { describe, expect, it } from 'vitest'
import {
  type DatasetDescription,
  type ModelSpec,
  resolveClassWeights,
  type TrainingConfig,
  validateModelSpec,
  validateTraining,
  validateTrainingConfig,
} from './index.ts'

const LOSS = { type: 'softmax_cross_entropy', label_smoothing: 0 }
const SGD = { type: 'sgd', learning_rate: 0.1 }

describe('validateTrainingConfig', () => {
  it('fills in defaults', () => {
    const result = validateTrainingConfig({})
    expect(result).toEqual({
      ok: true,
      training: {
        epochs: 1,
        batch_size: 32,
        seed: 0,
        loss: LOSS,
        optimizer: {
          type: 'adam',
          learning_rate: 0.001,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weight_decay: 0,
          weight_decay_on: 'all',
          parameter_groups: [],
        },
        regularization: { l1: 0, l2: 0, on: 'weights' },
        diagnostics: { gradient_norms: false },
        shuffle: true,
        drop_last: false,
        augmentation: [],
        normalization: 'standardize',
        backend: 'auto',
        checkpoint: { every_seconds: 20, keep_last: 3, keep_best: 1 },
        evaluate: { every_epochs: 1, top_k: 5 },
        schedule: { type: 'constant' },
      },
    })
  })

  it.each([
    [
      'losses and optimizers without a type',
      { loss: {}, optimizer: {} },
      ['training.loss.type missing', 'training.optimizer.type missing'],
    ],
    ['SGD without a rate', { optimizer: { type: 'sgd' } }, ['training.optimizer.learning_rate missing']],
    ['no object', 7, ['training wrong_type']],
    ['NaN rate', { loss: LOSS, optimizer: { ...SGD, learning_rate: Number.NaN } }, ['training.optimizer.learning_rate not_finite']],
    [
      'endless rate',
      { loss: LOSS, optimizer: { ...SGD, learning_rate: Number.POSITIVE_INFINITY } },
      ['training.optimizer.learning_rate not_finite'],
    ],
    ['negative rate', { loss: LOSS, optimizer: { ...SGD, learning_rate: -1 } }, ['training.optimizer.learning_rate too_small']],
    ['momentum of 1', { loss: LOSS, optimizer: { ...SGD, momentum: 1 } }, ['training.optimizer.momentum too_large']],
    [
      'Nesterov without momentum',
      { loss: LOSS, optimizer: { ...SGD, nesterov: true } },
      ['training.optimizer.nesterov nesterov_needs_momentum'],
    ],
    ['a field of another optimizer', { loss: LOSS, optimizer: { ...SGD, beta1: 0.9 } }, ['training.optimizer.beta1 unknown_key']],
    ['a mistyped field', { loss: LOSS, optimizer: SGD, epoch: 3 }, ['training.epoch unknown_key']],
    [
      'a nested mistyped field',
      { loss: LOSS, optimizer: SGD, checkpoint: { every_epoch: 1 } },
      ['training.checkpoint.every_epoch unknown_key'],
    ],
    ['an unknown loss', { loss: { type: 'mse' }, optimizer: SGD }, ['training.loss.type unknown_type']],
    ['an unknown backend', { loss: LOSS, optimizer: SGD, backend: 'cuda' }, ['training.backend unknown_value']],
    ['smoothing of 1', { loss: { ...LOSS, label_smoothing: 1 }, optimizer: SGD }, ['training.loss.label_smoothing too_large']],
    ['a class weight of 0', { loss: { ...LOSS, class_weights: [1, 0] }, optimizer: SGD }, ['training.loss.class_weights[1] too_small']],
    ['class weights by word', { loss: { ...LOSS, class_weights: 'equal' }, optimizer: SGD }, ['training.loss.class_weights unknown_value']],
    ['no heads at all', { heads: {} }, ['training.heads too_small']],
    ['a head without a loss', { heads: { a: {} } }, ['training.heads.a.loss missing']],
    ['a head of no weight', { heads: { a: { loss: LOSS, weight: 0 } } }, ['training.heads.a.weight too_small']],
    ['a head with NaN weight', { heads: { a: { loss: LOSS, weight: Number.NaN } } }, ['training.heads.a.weight not_finite']],
    ['a head with an unknown loss', { heads: { a: { loss: { type: 'mse' } } } }, ['training.heads.a.loss.type unknown_type']],
    ['a head with a mistyped field', { heads: { a: { loss: LOSS, wieght: 2 } } }, ['training.heads.a.wieght unknown_key']],
    ['a head with an unknown metric', { heads: { a: { loss: LOSS, metrics: ['acc'] } } }, ['training.heads.a.metrics[0] unknown_value']],
    ['an input without columns', { inputs: { x: [] } }, ['training.inputs.x too_small']],
    ['an input whose columns are numbers', { inputs: { x: [0] } }, ['training.inputs.x[0] wrong_type']],
    ['a huber loss without width', { loss: { type: 'huber', delta: 0 }, optimizer: SGD }, ['training.loss.delta too_small']],
    ['NaN decay', { optimizer: { type: 'adamw', weight_decay: Number.NaN } }, ['training.optimizer.weight_decay not_finite']],
    ['a smoothing of 1', { optimizer: { type: 'rmsprop', smoothing: 1 } }, ['training.optimizer.smoothing too_large']],
    ['a negative epsilon', { optimizer: { type: 'adagrad', epsilon: -1 } }, ['training.optimizer.epsilon too_small']],
    ['an unknown optimizer', { optimizer: { type: 'adamax' } }, ['training.optimizer.type unknown_type']],
    ['both clippings', { gradient_clipping: { norm: 1, value: 1 } }, ['training.gradient_clipping.norm contradictory_options']],
    ['no clipping', { gradient_clipping: {} }, ['training.gradient_clipping.norm contradictory_options']],
    ['a clipping to nothing', { gradient_clipping: { norm: 0 } }, ['training.gradient_clipping.norm too_small']],
    ['a negative penalty', { regularization: { l1: -0.1 } }, ['training.regularization.l1 too_small']],
    ['a bound of 0', { regularization: { max_norm: 0 } }, ['training.regularization.max_norm too_small']],
    [
      'a group with rate and factor, and a frozen one with a decay',
      {
        optimizer: {
          ...SGD,
          parameter_groups: [
            { parameters: ['a'], learning_rate: 1, learning_rate_factor: 2 },
            { parameters: ['b'], frozen: true, weight_decay: 0.1 },
          ],
        },
      },
      [
        'training.optimizer.parameter_groups[0].learning_rate_factor contradictory_options',
        'training.optimizer.parameter_groups[1].frozen contradictory_options',
      ],
    ],
    [
      'a group of nothing',
      { optimizer: { ...SGD, parameter_groups: [{ parameters: [] }] } },
      ['training.optimizer.parameter_groups[0].parameters too_small'],
    ],
    ['an unknown schedule', { schedule: { type: 'cosin' } }, ['training.schedule.type unknown_type']],
    ['milestones in disorder', { schedule: { type: 'multi_step', milestones: [3, 3] } }, ['training.schedule.milestones[1] not_ascending']],
    ['a gamma of 0', { schedule: { type: 'exponential', gamma: 0 } }, ['training.schedule.gamma too_small']],
    ['a warm-up before one cycle', { schedule: { type: 'one_cycle', warmup: { steps: 5 } } }, ['training.schedule.warmup unknown_key']],
    ['a patience of 0', { early_stopping: { patience: 0 } }, ['training.early_stopping.patience too_small']],
    ['an unknown metric', { evaluate: { metrics: ['f2'] } }, ['training.evaluate.metrics[0] unknown_value']],
    ['no epoch', { loss: LOSS, optimizer: SGD, epochs: 0 }, ['training.epochs too_small']],
    ['half a batch', { loss: LOSS, optimizer: SGD, batch_size: 0.5 }, ['training.batch_size not_a_whole_number']],
    ['a seed of 33 bits', { loss: LOSS, optimizer: SGD, seed: 2 ** 32 }, ['training.seed too_large']],
    [
      'a stop condition without value',
      { loss: LOSS, optimizer: SGD, stop_when: { metric: 'train/loss' } },
      ['training.stop_when.value missing'],
    ],
  ])('finds: %s', (_, json, expected) => {
    const result = validateTrainingConfig(json, { path: 'training' })
    expect(result.ok ? [] : result.issues.map(({ path, code }) => `${path} ${code}`)).toEqual(expected)
  })

  it('says what was meant', () => {
    const result = validateTrainingConfig({ loss: { type: 'mse' }, optimizer: { ...SGD, lr: 1 }, epoch: 1 })
    expect(result.ok ? [] : result.issues.map(({ hint }) => hint)).toEqual([
      'Did you mean "squared_error"?',
      'Did you mean "learning_rate"?',
      'Did you mean "epochs"?',
    ])
  })
})

describe('balanced class weights', () => {
  it('are rows / (classes · rows of the class)', () => {
    // scikit-learn: compute_class_weight('balanced', classes=[0, 1, 2], y=[0]*6 + [1]*3 + [2])
    const loss = resolveClassWeights({ type: 'softmax_cross_entropy', label_smoothing: 0, class_weights: 'balanced' }, [6, 3, 1])
    expect(loss).toEqual({ type: 'softmax_cross_entropy', label_smoothing: 0, class_weights: [10 / 18, 10 / 9, 10 / 3] })
    // A class without rows counts as one row: its weight stays finite.
    expect(resolveClassWeights({ type: 'softmax_cross_entropy', label_smoothing: 0, class_weights: 'balanced' }, [4, 0])).toMatchObject({
      class_weights: [0.5, 2],
    })
  })
})

describe('validateTraining', () => {
  const model = (json: unknown): ModelSpec => {
    const result = validateModelSpec(json)
    if (!result.ok) throw new Error(JSON.stringify(result.issues))
    return result.spec
  }
  const training = (json: Record<string, unknown>): TrainingConfig => {
    const result = validateTrainingConfig({ loss: LOSS, optimizer: SGD, ...json })
    if (!result.ok) throw new Error(JSON.stringify(result.issues))
    return result.training
  }
  const digits: DatasetDescription = {
    input: { shape: [1, 28, 28] },
    target: { kind: 'class', classes: [...'0123456789'] },
    splits: ['train', 'test'],
  }
  const table: DatasetDescription = { input: { shape: [2] }, target: { kind: 'value', size: 1 } }
  const pair: DatasetDescription = { input: { shape: [2] }, target: { kind: 'class', classes: ['no', 'yes'] } }
  const preset = (name: string, options: Record<string, unknown> = {}) => model({ version: 1, preset: { name, options } })
  const chain = (layers: readonly unknown[]) => model({ version: 1, input: { shape: [1, 28, 28] }, layers })
  const squared = { loss: { type: 'squared_error' } }

  it.each([
    ['LeNet-5 on digits', preset('lenet5'), training({}), digits],
    ['a vector input on images', preset('mlp', { sizes: [784, 10] }), training({ evaluate: { split: 'test' } }), digits],
    ['2-8-1 on a table', preset('mlp', { sizes: [2, 8, 1] }), training(squared), table],
    ['one output for two classes', preset('mlp', { sizes: [2, 1] }), training({ loss: { type: 'binary_cross_entropy' } }), pair],
    ['a hinge with an output per class', preset('mlp', { sizes: [2, 2] }), training({ loss: { type: 'hinge' } }), pair],
    ['balanced classes', preset('lenet5'), training({ loss: { type: 'softmax_cross_entropy', class_weights: 'balanced' } }), digits],
  ])('accepts %s', (_, spec, config, dataset) => {
    expect(validateTraining(spec, config, dataset)).toEqual([])
  })

  it.each([
    ['another input', preset('lenet5', { input: [3, 32, 32] }), training({}), digits, ['model.preset.options input_shape_mismatch']],
    ['another number of classes', preset('lenet5', { classes: 9 }), training({}), digits, ['model.preset.options wrong_output_width']],
    ['an image as output', chain([{ type: 'relu' }]), training({}), digits, ['model.layers[0] wrong_output_rank']],
    ['cross-entropy on values', preset('mlp', { sizes: [2, 1] }), training({}), table, ['training.loss.type loss_target_mismatch']],
    ['squared error on classes', preset('lenet5'), training(squared), digits, ['training.loss.type loss_target_mismatch']],
    [
      'binary cross-entropy on ten classes',
      preset('lenet5'),
      training({ loss: { type: 'binary_cross_entropy' } }),
      digits,
      ['training.loss.type loss_target_mismatch'],
    ],
    [
      'binary cross-entropy with an output per class',
      preset('mlp', { sizes: [2, 2] }),
      training({ loss: { type: 'binary_cross_entropy' } }),
      pair,
      ['model.preset.options wrong_output_width'],
    ],
    [
      'a divergence from one value',
      preset('mlp', { sizes: [2, 1] }),
      training({ loss: { type: 'kl_divergence' } }),
      table,
      ['training.loss.type loss_target_mismatch'],
    ],
    [
      'weights for nine of ten classes',
      preset('lenet5'),
      training({ loss: { type: 'softmax_cross_entropy', class_weights: Array(9).fill(1) } }),
      digits,
      ['training.loss.class_weights wrong_class_weights'],
    ],
    [
      'a group of parameters that do not exist',
      preset('lenet5'),
      training({ optimizer: { ...SGD, parameter_groups: [{ parameters: ['conv1.*', 'conv9.*'] }] } }),
      digits,
      ['training.optimizer.parameter_groups[0].parameters[1] unknown_parameter'],
    ],
    [
      'nothing left to train',
      preset('lenet5'),
      training({ optimizer: { ...SGD, parameter_groups: [{ parameters: ['*'], frozen: true }] } }),
      digits,
      ['training.optimizer.parameter_groups nothing_to_train'],
    ],
    [
      'metrics of values for classes, and a series that no evaluation has',
      preset('lenet5'),
      training({ evaluate: { metrics: ['f1', 'r2'] }, early_stopping: { metric: 'eval/f1' } }),
      digits,
      ['training.evaluate.metrics[1] metric_target_mismatch', 'training.early_stopping.metric unknown_metric'],
    ],
    [
      'early stopping and a plateau without anything to evaluate on',
      preset('lenet5'),
      training({ early_stopping: {}, schedule: { type: 'reduce_on_plateau' } }),
      { ...digits, splits: ['train'] },
      ['training.schedule.metric no_evaluation', 'training.early_stopping.metric no_evaluation'],
    ],
    [
      'a minimum above the rate, and a warm-up longer than the run',
      preset('lenet5'),
      training({ max_steps: 10, schedule: { type: 'cosine', minimum: 1, warmup: { steps: 10 } } }),
      digits,
      ['training.schedule.minimum contradictory_options', 'training.schedule.warmup.steps contradictory_options'],
    ],
    ['another number of values', preset('mlp', { sizes: [2, 3] }), training(squared), table, ['model.preset.options wrong_output_width']],
    [
      'single values to normalize, but for frozen layers and images',
      chain([
        { type: 'batch_norm' },
        { type: 'flatten' },
        { type: 'dense', units: 10 },
        { type: 'batch_norm' },
        { type: 'batch_norm', frozen: true },
      ]),
      training({ batch_size: 1 }),
      digits,
      ['model.layers[3] batch_too_small'],
    ],
    ['an unknown split', preset('lenet5'), training({ evaluate: { split: 'tset' } }), digits, ['training.evaluate.split unknown_split']],
    [
      'a batch that fits no memory, and two more mistakes',
      chain([{ type: 'conv2d', filters: 1000, kernel: 1 }, { type: 'flatten' }, { type: 'dense', units: 9 }]),
      training({ batch_size: 65_536, evaluate: { split: 'validation' } }),
      digits,
      ['model.layers[2] wrong_output_width', 'training.batch_size batch_too_large', 'training.evaluate.split unknown_split'],
    ],
  ])('finds: %s', (_, spec, config, dataset, expected) => {
    expect(validateTraining(spec, config, dataset).map(({ path, code }) => `${path} ${code}`)).toEqual(expected)
  })
})
