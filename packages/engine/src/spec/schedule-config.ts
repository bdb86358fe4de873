// The schedule of the learning rate and early stopping, as on the wire.

import { z } from 'zod'

const count = z.int().positive().max(1_000_000_000)
const gamma = z.number().positive().max(1)
const per = (fallback: 'epoch' | 'step') =>
  z
    .enum(['epoch', 'step'])
    .default(fallback)
    .meta({ description: 'What the schedule counts in. Epochs and steps begin after the warm-up.' })
const minimum = z.number().nonnegative().max(1000).default(0).meta({ description: 'The rate does not fall below it.' })
const mode = z
  .enum(['min', 'max'])
  .optional()
  .meta({ description: 'Whether less is better or more. Default: min for losses and errors, max for all others.' })
const metric = z
  .string()
  .min(1)
  .max(128)
  .default('eval/loss')
  .meta({ description: 'A series of the evaluation: eval/loss, eval/accuracy, eval/f1_macro …' })

export const warmupSchema = z
  .strictObject({
    steps: count.meta({ description: 'Steps until the rate is reached.' }),
    start_factor: z.number().min(0).max(1).default(0).meta({ description: 'Part of the rate at the first step.' }),
  })
  .meta({ description: 'Linear warm-up before the schedule: rate · (s + (1 − s)·step/steps) (Goyal et al. 2017).' })

const warmup = warmupSchema.optional()

export const scheduleConfigSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('constant'), warmup }).meta({ description: 'The rate of the optimizer.' }),
  z
    .strictObject({ type: z.literal('step'), step_size: count, gamma: gamma.default(0.1), per: per('epoch'), warmup })
    .meta({ description: 'rate · gamma^⌊t / step_size⌋. As PyTorch: StepLR.' }),
  z
    .strictObject({
      type: z.literal('multi_step'),
      milestones: z
        .array(count)
        .min(1)
        .max(1000)
        .check((context) => {
          const list = context.value
          const at = list.findIndex((milestone, i) => i > 0 && milestone <= (list[i - 1] ?? 0))
          if (at < 0) return
          const message = `Milestone ${list[at]} comes after ${list[at - 1]}.`
          context.issues.push({
            code: 'custom',
            input: list,
            path: [at],
            message,
            params: { code: 'not_ascending', hint: 'Give milestones in rising order.' },
          })
        }),
      gamma: gamma.default(0.1),
      per: per('epoch'),
      warmup,
    })
    .meta({ description: 'rate · gamma^(milestones that t has reached). As PyTorch: MultiStepLR.' }),
  z
    .strictObject({ type: z.literal('exponential'), gamma, per: per('epoch'), warmup })
    .meta({ description: 'rate · gamma^t. As PyTorch: ExponentialLR.' }),
  z.strictObject({ type: z.literal('cosine'), minimum, per: per('step'), warmup }).meta({
    description:
      'minimum + ½(rate − minimum)(1 + cos(πt/T)), T the length of the run (Loshchilov and Hutter 2017). As PyTorch: CosineAnnealingLR.',
  }),
  z
    .strictObject({
      type: z.literal('one_cycle'),
      warmup_fraction: z.number().min(0).lt(1).default(0.3).meta({ description: 'Part of the run in which the rate rises.' }),
      initial_divisor: z
        .number()
        .min(1)
        .max(1e9)
        .default(25)
        .meta({ description: 'The first rate is that of the optimizer, which is the highest, divided by it.' }),
      final_divisor: z.number().min(1).max(1e12).default(10_000).meta({ description: 'The last rate is the first one divided by it.' }),
    })
    .meta({ description: 'Up and down once over the run, along cosines, step by step (Smith and Topin 2018). As PyTorch: OneCycleLR.' }),
  z
    .strictObject({
      type: z.literal('reduce_on_plateau'),
      metric,
      mode,
      factor: z.number().positive().lt(1).default(0.1),
      patience: z
        .int()
        .nonnegative()
        .max(1_000_000)
        .default(10)
        .meta({ description: 'Evaluations without improvement that are waited for.' }),
      threshold: z.number().nonnegative().max(1e9).default(1e-4).meta({ description: 'Smallest change that counts as an improvement.' }),
      threshold_mode: z.enum(['relative', 'absolute']).default('relative'),
      cooldown: z
        .int()
        .nonnegative()
        .max(1_000_000)
        .default(0)
        .meta({ description: 'Evaluations after a reduction that are not counted.' }),
      minimum,
      warmup,
    })
    .meta({
      description:
        'rate · factor whenever the metric has not improved for more than `patience` evaluations. As PyTorch: ReduceLROnPlateau.',
    }),
])
export type ScheduleConfig = z.output<typeof scheduleConfigSchema>

export const earlyStoppingSchema = z
  .strictObject({
    metric,
    mode,
    patience: count.default(10).meta({ description: 'Evaluations without improvement after which the run ends.' }),
    min_delta: z.number().nonnegative().max(1e9).default(0).meta({ description: 'A change must be larger to count as an improvement.' }),
    restore_best: z.boolean().default(true).meta({ description: 'Whether the final checkpoint holds the weights of the best evaluation.' }),
  })
  .meta({ description: 'Ends the run when an evaluation metric no longer improves (Prechelt 1998).' })
export type EarlyStopping = z.output<typeof earlyStoppingSchema>
