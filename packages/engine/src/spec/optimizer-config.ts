// The optimizer of a training configuration as on the wire: its rule, its parameter groups, and what is added to or taken from the gradient.

import { z } from 'zod'
import { matches } from './transfer-plan.ts'

const learningRate = z.number().positive().max(1000)
const weightDecay = z.number().nonnegative().max(1)
const decayRate = z.number().min(0).lt(1)
const epsilon = z.number().positive().max(1)

/** Most parameter groups, and patterns of one. */
const GROUPS_MAX = 100

export const parameterGroupSchema = z
  .strictObject({
    parameters: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(GROUPS_MAX)
      .meta({ description: 'Names of parameters, or patterns with * for any text: conv1.weight, conv*, *.bias.' }),
    learning_rate: learningRate
      .optional()
      .meta({ description: 'In place of the rate of the optimizer. Schedules change both in proportion.' }),
    learning_rate_factor: z.number().positive().max(1000).optional().meta({ description: 'Times the rate of the optimizer.' }),
    weight_decay: weightDecay.optional().meta({ description: 'In place of the weight decay of the optimizer.' }),
    frozen: z.boolean().default(false).meta({ description: 'Keeps these parameters as they are.' }),
  })
  .check((context) => {
    const { frozen, ...group } = context.value
    const refuse = (field: 'learning_rate' | 'weight_decay' | 'learning_rate_factor' | 'frozen', message: string, hint: string) =>
      context.issues.push({
        code: 'custom',
        input: context.value[field],
        path: [field],
        message,
        params: { code: 'contradictory_options', hint },
      })
    if (group.learning_rate !== undefined && group.learning_rate_factor !== undefined) {
      refuse('learning_rate_factor', 'The group has a learning rate and a factor of it.', 'Give one of both.')
    }
    const isChanged = group.learning_rate !== undefined || group.learning_rate_factor !== undefined || group.weight_decay !== undefined
    if (frozen && isChanged) refuse('frozen', 'The group is frozen, but has a rate or a decay.', 'Remove "frozen", or the others.')
  })
  .meta({ description: 'Parameters that are treated in another way. A parameter belongs to the first group that names it.' })
export type ParameterGroup = z.output<typeof parameterGroupSchema>

/** The first group that names the parameter. */
export function groupOf(name: string, groups: readonly ParameterGroup[]): ParameterGroup | undefined {
  return groups.find(({ parameters }) => parameters.some((pattern) => matches(pattern, name)))
}

/** Names of the parameters that frozen groups keep as they are. */
export function frozenByGroups(names: readonly string[], groups: readonly ParameterGroup[]): readonly string[] {
  return names.filter((name) => groupOf(name, groups)?.frozen === true)
}

const shared = {
  weight_decay: weightDecay.default(0).meta({ description: 'λ: the gradient becomes g + λp (L2).' }),
  weight_decay_on: z.enum(['all', 'weights']).default('all').meta({
    description: "'weights': not on biases and normalization parameters, which have one dimension.",
  }),
  parameter_groups: z.array(parameterGroupSchema).max(GROUPS_MAX).default([]),
}

export const optimizerConfigSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('sgd'),
      learning_rate: learningRate,
      momentum: decayRate.default(0),
      nesterov: z.boolean().default(false),
      ...shared,
    })
    .check((context) => {
      if (!context.value.nesterov || context.value.momentum > 0) return
      context.issues.push({
        code: 'custom',
        input: context.value.nesterov,
        path: ['nesterov'],
        message: 'Nesterov momentum needs a momentum above 0.',
        params: { code: 'nesterov_needs_momentum', hint: 'Set "momentum", usually to 0.9.' },
      })
    })
    .meta({
      description:
        "Stochastic gradient descent with PyTorch's momentum: v ← μv + g, p ← p − αv; with Nesterov's correction p ← p − α(g + μv) (Sutskever et al. 2013).",
    }),
  z
    .strictObject({
      type: z.literal('adam'),
      learning_rate: learningRate.default(0.001),
      beta1: decayRate.default(0.9),
      beta2: decayRate.default(0.999),
      epsilon: epsilon.default(1e-8),
      ...shared,
    })
    .meta({
      description: 'Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − α·m̂/(√v̂ + ε) (Kingma and Ba 2015).',
    }),
  z
    .strictObject({
      type: z.literal('adamw'),
      learning_rate: learningRate.default(0.001),
      beta1: decayRate.default(0.9),
      beta2: decayRate.default(0.999),
      epsilon: epsilon.default(1e-8),
      ...shared,
      weight_decay: weightDecay.default(0.01).meta({ description: 'λ, decoupled from the gradient: p ← p − αλp before the step of Adam.' }),
    })
    .meta({ description: 'Adam with decoupled weight decay (Loshchilov and Hutter 2019).' }),
  z
    .strictObject({
      type: z.literal('rmsprop'),
      learning_rate: learningRate.default(0.01),
      smoothing: decayRate.default(0.99).meta({ description: 'α of the running mean of squares; PyTorch calls it alpha.' }),
      epsilon: epsilon.default(1e-8),
      momentum: decayRate.default(0),
      centered: z
        .boolean()
        .default(false)
        .meta({ description: 'Divides by the deviation of the gradient instead of its root mean square.' }),
      ...shared,
    })
    .meta({ description: 'RMSprop: v ← αv + (1 − α)g², p ← p − rate·g/(√v + ε) (Hinton 2012; centered: Graves 2013).' }),
  z
    .strictObject({
      type: z.literal('adagrad'),
      learning_rate: learningRate.default(0.01),
      epsilon: epsilon.default(1e-10),
      ...shared,
    })
    .meta({ description: 'Adagrad: s ← s + g², p ← p − α·g/(√s + ε) (Duchi et al. 2011).' }),
])
export type OptimizerConfig = z.output<typeof optimizerConfigSchema>

export const regularizationSchema = z
  .strictObject({
    l1: z.number().nonnegative().max(1).default(0).meta({ description: 'λ: adds λ·Σ|p| to the objective, so λ·sign(p) to the gradient.' }),
    l2: z.number().nonnegative().max(1).default(0).meta({ description: 'λ: adds ½λ·Σp² to the objective, so λp to the gradient.' }),
    on: z.enum(['weights', 'all']).default('weights').meta({
      description: "Of l1 and l2. 'weights': not on biases and normalization parameters, which have one dimension.",
    }),
    max_norm: z.number().positive().max(1_000_000).optional().meta({
      description:
        'Largest length of the incoming weights of a unit or filter; longer ones are scaled down after each step (Srivastava et al. 2014).',
    }),
  })
  .meta({ description: 'Penalties and bounds on the weights. They are no part of the reported loss.' })
export type Regularization = z.output<typeof regularizationSchema>

export const gradientClippingSchema = z
  .strictObject({
    norm: z.number().positive().max(1e9).optional().meta({
      description:
        'c: the gradient of all parameters is scaled by min(1, c/(‖g‖₂ + 1e-6)) (Pascanu et al. 2013). ‖g‖₂ is the series train/gradient_norm.',
    }),
    value: z.number().positive().max(1e9).optional().meta({ description: 'c: every number of the gradient is held between −c and c.' }),
  })
  .check((context) => {
    const { norm, value } = context.value
    if ((norm === undefined) !== (value === undefined)) return
    const [message, hint] =
      norm === undefined
        ? ['gradient_clipping has neither "norm" nor "value".', 'Give one of both, usually {"norm": 1}.']
        : ['gradient_clipping has both "norm" and "value".', 'Give one of both.']
    context.issues.push({ code: 'custom', input: norm, path: ['norm'], message, params: { code: 'contradictory_options', hint } })
  })
export type GradientClipping = z.output<typeof gradientClippingSchema>

export const diagnosticsSchema = z.strictObject({
  gradient_norms: z.boolean().default(false).meta({
    description: 'Records ‖g‖₂ of every parameter as the series gradients/<parameter>: vanishing and exploding gradients become visible.',
  }),
})
export type Diagnostics = z.output<typeof diagnosticsSchema>
