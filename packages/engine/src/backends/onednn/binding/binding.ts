// What the backend needs of oneDNN, in one shape for both major versions of its C interface. No layout policy here.

import type { Address } from './memory.ts'

declare const descriptorBrand: unique symbol
declare const primitiveDescriptorBrand: unique symbol

/** A memory descriptor: dimensions, element type, physical layout. A struct's bytes in v2, a pointer in v3. */
export type Descriptor = (Uint8Array | bigint) & { readonly [descriptorBrand]: true }

/** A primitive with its layouts and implementation chosen, not yet compiled. */
export type PrimitiveDescriptor = bigint & { readonly [primitiveDescriptorBrand]: true }

/** A compiled primitive with its arguments bound: what a step consists of. */
export interface BoundPrimitive {
  readonly primitive: bigint
  readonly argumentCount: number
  readonly argumentBytes: Uint8Array
}

export type DataType = 'f32' | 's32' | 'u8'

/** Layouts that the library names: `any` leaves it to the primitive; `blocks8` and `blocks16` are nChw8c and nChw16c. */
export type TaggedLayout = 'any' | 'blocks8' | 'blocks16'

/** `plain` is row-major; `channelsLast` is NHWC. */
export type StridedLayout = 'plain' | 'channelsLast'

export type Layout = TaggedLayout | StridedLayout

export type Propagation = 'training' | 'inference'

/** Algorithms of the eltwise family; `fromOutput` variants take y instead of x in the backward pass. */
export type EltwiseAlgorithm =
  | 'relu'
  | 'tanh'
  | 'elu'
  | 'logistic'
  | 'gelu_erf'
  | 'gelu_tanh'
  | 'swish'
  | 'soft_relu'
  | 'linear'
  | 'sqrt'
  | 'square'
  | 'clip'
  | 'relu_from_output'
  | 'tanh_from_output'
  | 'elu_from_output'
  | 'logistic_from_output'

/** Winograd's needs fewer multiplications and rounds a little more. */
export type ConvolutionAlgorithm = 'direct' | 'winograd'

export type PoolingAlgorithm = 'max' | 'averageWithPadding' | 'averageWithoutPadding'

export type ResamplingAlgorithm = 'nearest' | 'linear'

export type NormalizationFlag = 'scale' | 'shift' | 'relu' | 'fixedStatistics'

/** Always with scale and shift. */
export interface Normalization {
  readonly epsilon: number
  /** ReLU after it; in training the forward primitive then leaves a workspace for the backward one. */
  readonly relu?: boolean
  /** Mean and variance are inputs, and constants of the derivative. */
  readonly fixedStatistics?: boolean
}

/** `equal` gives 1 or 0. */
export type BinaryAlgorithm = 'add' | 'sub' | 'mul' | 'div' | 'equal'

/** Ops that run on the result before it is stored. */
export type PostOp =
  | { readonly kind: 'eltwise'; readonly algorithm: EltwiseAlgorithm; readonly alpha: number; readonly beta: number }
  | { readonly kind: 'sum'; readonly scale: number }

export interface ConvolutionGeometry {
  readonly stride: readonly [h: number, w: number]
  readonly paddingBegin: readonly [top: number, left: number]
  readonly paddingEnd: readonly [bottom: number, right: number]
  /** 1 is dense. */
  readonly dilation: readonly [h: number, w: number]
}

export interface PoolingGeometry {
  readonly kernel: readonly [h: number, w: number]
  readonly stride: readonly [h: number, w: number]
  readonly paddingBegin: readonly [top: number, left: number]
  readonly paddingEnd: readonly [bottom: number, right: number]
}

/** Strides of the outer dimensions, in elements, and the blocks inside of them, outermost first. */
export interface PhysicalLayout {
  readonly dimensions: readonly number[]
  readonly paddedDimensions: readonly number[]
  readonly strides: readonly number[]
  readonly blocks: readonly (readonly [dimension: number, size: number])[]
}

/** Tensors of a convolution or inner product; each is a value or a gradient, as the propagation says. */
export interface WeightedTensors {
  readonly source: Descriptor
  readonly weights: Descriptor
  readonly bias: Descriptor | null
  readonly destination: Descriptor
}

/** Arguments that a primitive is executed with. The numbers are equal in v2 and v3. */
export const ARGUMENT = {
  source: 1,
  source1: 2,
  destination: 17,
  weights: 33,
  bias: 41,
  mean: 49,
  variance: 50,
  scale: 51,
  shift: 52,
  workspace: 64,
  dSource: 129,
  dDestination: 145,
  dWeights: 161,
  dBias: 169,
  dScale: 255,
  dShift: 256,
  /** The n-th source of a sum or concatenation is this plus n. */
  multipleSource: 1024,
} as const

export type ArgumentName = keyof typeof ARGUMENT

export type QueryName = 'source' | 'destination' | 'weights' | 'workspace' | 'dSource' | 'dDestination' | 'dWeights'

/**
 * Every `…` that returns `PrimitiveDescriptor | null` gives null where the library has no implementation for the
 * combination, and throws `OnednnError` for anything else.
 */
export interface Binding {
  readonly version: string
  /** Widest instruction set that the library uses here: `avx2`. */
  readonly instructionSet: string
  /** Whether the derivative of a batch normalization must be given the shift, on which it does not depend; if not, it must not. */
  readonly batchNormBackwardTakesShift: boolean

  descriptor(dimensions: readonly number[], type: DataType, layout: Layout): Descriptor
  /** A part of a tensor, at `offsets` of it; null where blocks would be cut. */
  part(descriptor: Descriptor, dimensions: readonly number[], offsets: readonly number[]): Descriptor | null
  /** The same memory with dimension i under the name permutation[i]. */
  permute(descriptor: Descriptor, permutation: readonly number[]): Descriptor
  equal(a: Descriptor, b: Descriptor): boolean
  /** Where the elements lie, or null for an opaque format (Winograd weights). */
  layout(descriptor: Descriptor): PhysicalLayout | null
  /** Bytes with padding. */
  size(descriptor: Descriptor): number

  convolutionForward(
    propagation: Propagation,
    algorithm: ConvolutionAlgorithm,
    tensors: WeightedTensors,
    geometry: ConvolutionGeometry,
    postOps: readonly PostOp[],
  ): PrimitiveDescriptor | null
  convolutionBackwardData(
    algorithm: ConvolutionAlgorithm,
    tensors: WeightedTensors,
    geometry: ConvolutionGeometry,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  convolutionBackwardWeights(
    algorithm: ConvolutionAlgorithm,
    tensors: WeightedTensors,
    geometry: ConvolutionGeometry,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  innerProductForward(propagation: Propagation, tensors: WeightedTensors, postOps: readonly PostOp[]): PrimitiveDescriptor | null
  innerProductBackwardData(tensors: WeightedTensors, forward: PrimitiveDescriptor): PrimitiveDescriptor | null
  innerProductBackwardWeights(tensors: WeightedTensors, forward: PrimitiveDescriptor): PrimitiveDescriptor | null
  poolForward(
    propagation: Propagation,
    algorithm: PoolingAlgorithm,
    source: Descriptor,
    destination: Descriptor,
    geometry: PoolingGeometry,
    postOps?: readonly PostOp[],
  ): PrimitiveDescriptor | null
  poolBackward(
    algorithm: PoolingAlgorithm,
    dSource: Descriptor,
    dDestination: Descriptor,
    geometry: PoolingGeometry,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  eltwiseForward(
    propagation: Propagation,
    algorithm: EltwiseAlgorithm,
    data: Descriptor,
    alpha: number,
    beta: number,
    postOps: readonly PostOp[],
  ): PrimitiveDescriptor | null
  eltwiseBackward(
    algorithm: EltwiseAlgorithm,
    dData: Descriptor,
    data: Descriptor,
    alpha: number,
    beta: number,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  softmaxForward(propagation: Propagation, data: Descriptor, axis: number): PrimitiveDescriptor | null
  /** From y. */
  softmaxBackward(dData: Descriptor, data: Descriptor, axis: number, forward: PrimitiveDescriptor): PrimitiveDescriptor | null
  /** Over all but dimension 1; mean, variance, scale and shift are vectors of its size. */
  batchNormForward(propagation: Propagation, data: Descriptor, normalization: Normalization): PrimitiveDescriptor | null
  batchNormBackward(
    dData: Descriptor,
    data: Descriptor,
    normalization: Normalization,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  /** Over the last dimension; scale and shift are vectors of its size, `statistics` describes mean and variance. */
  layerNormForward(
    propagation: Propagation,
    data: Descriptor,
    statistics: Descriptor,
    normalization: Normalization,
  ): PrimitiveDescriptor | null
  layerNormBackward(
    dData: Descriptor,
    data: Descriptor,
    statistics: Descriptor,
    normalization: Normalization,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  /** Sizes of source and destination give the factors. */
  resamplingForward(
    propagation: Propagation,
    algorithm: ResamplingAlgorithm,
    source: Descriptor,
    destination: Descriptor,
  ): PrimitiveDescriptor | null
  resamplingBackward(
    algorithm: ResamplingAlgorithm,
    dSource: Descriptor,
    dDestination: Descriptor,
    forward: PrimitiveDescriptor,
  ): PrimitiveDescriptor | null
  concat(dimension: number, sources: readonly Descriptor[], destination: Descriptor): PrimitiveDescriptor | null
  binary(
    algorithm: BinaryAlgorithm,
    source0: Descriptor,
    source1: Descriptor,
    destination: Descriptor,
    postOps: readonly PostOp[],
  ): PrimitiveDescriptor | null
  /** destination = Σ scale · source. */
  sum(scales: readonly number[], sources: readonly Descriptor[], destination: Descriptor): PrimitiveDescriptor | null
  reorder(from: Descriptor, to: Descriptor): PrimitiveDescriptor | null

  query(primitive: PrimitiveDescriptor, what: QueryName): Descriptor
  /** Name of the chosen implementation: `jit:avx2`, `gemm:jit`, `ref:any`. */
  implementation(primitive: PrimitiveDescriptor): string
  releaseDescriptor(primitive: PrimitiveDescriptor): void

  /** Compiles a primitive; the descriptor may be released after. */
  compile(primitive: PrimitiveDescriptor): bigint
  releasePrimitive(primitive: bigint): void
  /** Describes memory that the caller owns. */
  memory(descriptor: Descriptor, address: Address): bigint
  releaseMemory(memory: bigint): void
  bind(primitive: bigint, memories: readonly (readonly [argument: number, memory: bigint])[]): BoundPrimitive
  /** Runs to the end. Allocates nothing. */
  execute(bound: BoundPrimitive): void
  /** Kernels' threads of this process from now on; ignored where the OpenMP runtime cannot be reached. */
  setThreads(threads: number): void
}
