// The end of a training step: penalties and clipping on the gradients, the optimizer's update, bounds on the weights.

import type { Segment } from '../core/program.ts'
import { elementCount, type Shape, type TensorId, type TensorRole } from '../core/tensor.ts'
import type { ProgramBuilder } from '../ops/index.ts'
import type { OptimizerRule } from '../optim/index.ts'
import type { Diagnostics, GradientClipping, OptimizerConfig, Regularization } from '../spec/optimizer-config.ts'
import { groupParameters, type UpdateGroup } from './parameter-groups.ts'

/** What is done to gradients and weights beside the optimizer's rule. */
export interface GradientPolicy {
  readonly regularization: Regularization
  readonly gradientClipping: GradientClipping | null
  readonly diagnostics: Diagnostics
}

/** A parameter with its gradient. */
export interface UpdatedParameter {
  readonly tensor: TensorId
  readonly gradient: TensorId
  readonly name: string
  readonly shape: Shape
}

/** Optimizer state of one parameter. */
export interface ModelSlot {
  readonly tensor: TensorId
  /** `velocity.conv1.weight` */
  readonly name: string
  readonly shape: Shape
}

/** A rate that a session writes before each step: the current one times the factor. */
export interface LearningRateInput {
  /** [1] */
  readonly tensor: TensorId
  readonly factor: number
}

/** Lengths of gradients, before clipping. */
export interface GradientNorms {
  /** [segments]: √Σ of their squares is the length of the whole gradient. */
  readonly segments: TensorId | null
  /** [names]: of each parameter. */
  readonly parameters: { readonly tensor: TensorId; readonly names: readonly string[] } | null
}

export interface UpdatePhase {
  readonly learningRates: readonly LearningRateInput[]
  readonly slots: readonly ModelSlot[]
  readonly segments: readonly Segment[]
  readonly gradientNorms: GradientNorms
}

interface GroupSegments extends UpdateGroup<UpdatedParameter> {
  /** Appended to the names of its tensors; empty for the first group. */
  readonly suffix: string
  readonly parameterSegment: TensorId
  readonly gradientSegment: TensorId
}

const ORIGIN = 'optimizer'

/** Emits the update of all parameters. */
export function emitUpdate<O extends OptimizerConfig>(
  builder: ProgramBuilder,
  updated: readonly UpdatedParameter[],
  optimizer: OptimizerRule<O>,
  config: O,
  biasCorrection: TensorId | null,
  { regularization, gradientClipping, diagnostics }: GradientPolicy,
): UpdatePhase {
  const segments: Segment[] = []
  const groups = groupParameters(updated, config, regularization).map((group, index): GroupSegments => {
    const suffix = index === 0 ? '' : ` ${index + 1}`
    const members = group.parameters.map(({ tensor }) => tensor)
    const gradients = group.parameters.map(({ gradient }) => gradient)
    return {
      ...group,
      suffix,
      parameterSegment: addSegment(builder, segments, `parameters${suffix}`, 'parameter', members),
      gradientSegment: addSegment(builder, segments, `gradients${suffix}`, 'gradient', gradients),
    }
  })
  const gradientNorms = emitGradientChanges(builder, groups, updated, gradientClipping, diagnostics)
  const slots: ModelSlot[] = []
  const learningRates = groups.map(({ rateFactor, weightDecay, suffix, parameters, parameterSegment, gradientSegment }) => {
    const learningRate = builder.tensor(`learning_rate${suffix}`, { shape: [1], type: 'real' }, 'input')
    const slotSegments = optimizer.slots(config).map((slot) => {
      const own = parameters.map(({ name, shape }): ModelSlot => {
        const tensor = builder.tensor(`${slot}.${name}`, { shape, type: 'real' }, 'slot')
        return { tensor, name: `${slot}.${name}`, shape }
      })
      slots.push(...own)
      const ids = own.map(({ tensor }) => tensor)
      return addSegment(builder, segments, `${slot}${suffix}`, 'slot', ids)
    })
    const operands = {
      parameters: parameterSegment,
      gradients: gradientSegment,
      learningRate,
      weightDecay,
      biasCorrection,
      slots: slotSegments,
    }
    optimizer.update(builder, operands, config)
    return { tensor: learningRate, factor: rateFactor }
  })
  const { max_norm: bound } = regularization
  if (bound !== undefined) {
    for (const { tensor, shape } of updated) if (shape.length > 1) builder.append('max_norm', [tensor], [tensor], { bound }, ORIGIN)
  }
  return { learningRates, slots, segments, gradientNorms }
}

/** Penalties first: they are part of the objective, whose gradient is clipped. */
function emitGradientChanges(
  builder: ProgramBuilder,
  groups: readonly GroupSegments[],
  updated: readonly UpdatedParameter[],
  clipping: GradientClipping | null,
  diagnostics: Diagnostics,
): GradientNorms {
  for (const { l1, l2, gradientSegment, parameterSegment } of groups) {
    if (l1 === 0 && l2 === 0) continue
    builder.append('penalty_gradient', [gradientSegment, parameterSegment], [gradientSegment], { l1, l2 }, ORIGIN)
  }
  const gradients = groups.map(({ gradientSegment }) => gradientSegment)
  const parameters = diagnostics.gradient_norms
    ? {
        tensor: emitNorms(
          builder,
          updated.map(({ gradient }) => gradient),
          'gradient_norms',
        ),
        names: updated.map(({ name }) => name),
      }
    : null
  const segments = clipping?.norm === undefined ? null : emitNorms(builder, gradients, 'gradient_norm')
  for (const gradient of gradients) {
    if (clipping?.value !== undefined) builder.append('clip_by_value', [gradient], [gradient], { bound: clipping.value }, ORIGIN)
    if (clipping?.norm !== undefined && segments !== null) {
      builder.append('clip_by_norm', [gradient, segments], [gradient], { bound: clipping.norm }, ORIGIN)
    }
  }
  return { segments, parameters }
}

function emitNorms(builder: ProgramBuilder, tensors: readonly TensorId[], name: string): TensorId {
  const [norms] = builder.emit('l2_norms', tensors, {}, { origin: ORIGIN, role: 'output', name })
  if (norms === undefined) throw new Error('l2_norms has no output')
  return norms
}

function addSegment(builder: ProgramBuilder, segments: Segment[], name: string, role: TensorRole, members: readonly TensorId[]): TensorId {
  const size = members.reduce((sum, member) => sum + elementCount(builder.type(member).shape), 0)
  const tensor = builder.tensor(`segment ${name}`, { shape: [size], type: 'real' }, role)
  segments.push({ tensor, members })
  return tensor
}
