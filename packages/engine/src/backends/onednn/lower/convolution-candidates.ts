// Ways to ask for a convolution, the preferred one first. A rule over shapes and vector width, never a measurement: the choice decides
// the order of additions, and a run that resumes must make the same one. Figures: docs/adr/0011.

import type { ConvolutionAttributes } from '../../../ops/attributes.ts'
import type { ConvolutionAlgorithm, Layout } from '../binding/binding.ts'
import { vectorWidth } from '../layout/vector-width.ts'

export interface ConvolutionCandidate {
  readonly algorithm: ConvolutionAlgorithm
  /** Of source and destination. */
  readonly layout: Layout
}

/** The convolution from [N, C, …] to [N, K, P, Q], whichever of its three directions is asked for; channels as stored. */
export interface ConvolutionShape {
  readonly N: number
  readonly C: number
  readonly K: number
  readonly output: readonly [P: number, Q: number]
  readonly kernel: readonly [R: number, S: number]
  readonly attributes: ConvolutionAttributes
}

/** Up to this many input channels, blocks are mostly padding. */
const FEW_CHANNELS = 4

/** Winograd's F(4 × 4, 3 × 3): pixels of a tile's side. */
const TILE = 4
/** With fewer channels or tiles, its transforms cost more than they save. */
const WINOGRAD_CHANNELS_MIN = 32
const WINOGRAD_TILES_MIN = 64

const BLOCKED: ConvolutionCandidate = { algorithm: 'direct', layout: 'any' }
const CHANNELS_LAST: ConvolutionCandidate = { algorithm: 'direct', layout: 'channelsLast' }
const PLAIN: ConvolutionCandidate = { algorithm: 'direct', layout: 'plain' }
const WINOGRAD: ConvolutionCandidate = { algorithm: 'winograd', layout: 'any' }

export type ConvolutionDirection = 'forward' | 'data' | 'weights'

/** @param instructionSet the library's, as `avx2` */
export function convolutionCandidates(
  shape: ConvolutionShape,
  direction: ConvolutionDirection,
  instructionSet: string,
): readonly ConvolutionCandidate[] {
  // Towards an image of a few channels: the last step of a generator.
  if (direction === 'data' && shape.C <= FEW_CHANNELS) return [PLAIN, CHANNELS_LAST, BLOCKED]
  const direct = prefersChannelsLast(shape, vectorWidth(instructionSet)) ? [CHANNELS_LAST, BLOCKED, PLAIN] : [BLOCKED, PLAIN]
  return isWinogradFaster(shape) ? [WINOGRAD, ...direct] : direct
}

function isWinogradFaster({
  N,
  C,
  K,
  output: [P, Q],
  kernel: [R, S],
  attributes: { stride, dilation, groups },
}: ConvolutionShape): boolean {
  const isDense3x3 = R === 3 && S === 3 && groups === 1 && [...stride, ...dilation].every((step) => step === 1)
  const tiles = N * Math.ceil(P / TILE) * Math.ceil(Q / TILE)
  return isDense3x3 && Math.min(C, K) >= WINOGRAD_CHANNELS_MIN && Math.min(P, Q) >= TILE && tiles >= WINOGRAD_TILES_MIN
}

/** A block of channels is a vector register; tails waste it, and one block is the same memory either way, with faster kernels for NHWC. */
function prefersChannelsLast({ C, K, kernel: [R, S], attributes: { groups, stride } }: ConvolutionShape, width: number): boolean {
  if (groups > 1) return C <= FEW_CHANNELS
  // Its AVX2 kernel for 1 × 1 gathers the pixels of a stride by whole registers, and writes beyond what it gathers into (oneDNN 2.6.3).
  if (C <= FEW_CHANNELS && R * S === 1 && stride.some((step) => step > 1)) return false
  // Row-major sources of a few channels have kernels of their own where the destination is in wide blocks.
  if (C <= FEW_CHANNELS) return width < 16 || K % width !== 0
  return width >= 16 && (C % width !== 0 || K % width !== 0 || (C === width && K === width))
}
