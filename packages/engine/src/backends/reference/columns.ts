// Convolution as a matrix product: the windows of one image as columns of a matrix. Source: Chellapilla et al. 2006.

import type { ConvolutionAttributes } from '../../ops/index.ts'
import type { RealArray } from '../backend.ts'

/** All sizes of one convolution, for one group of one image. */
export interface ColumnGeometry {
  /** Channels of a group. */
  readonly channels: number
  readonly height: number
  readonly width: number
  readonly kernelHeight: number
  readonly kernelWidth: number
  readonly outputHeight: number
  readonly outputWidth: number
  /** Rows of the matrix: channels · window. */
  readonly rows: number
  /** Columns of the matrix: output pixels. */
  readonly pixels: number
  readonly attributes: ConvolutionAttributes
}

/** @param x [N, C, H, W] @param weight [K, C/groups, R, S] @param y [N, K, OH, OW] */
export function columnGeometry(
  x: readonly number[],
  weight: readonly number[],
  y: readonly number[],
  attributes: ConvolutionAttributes,
): ColumnGeometry {
  const [, , height, width] = x as [number, number, number, number]
  const [, channels, kernelHeight, kernelWidth] = weight as [number, number, number, number]
  const [, , outputHeight, outputWidth] = y as [number, number, number, number]
  return {
    channels,
    height,
    width,
    kernelHeight,
    kernelWidth,
    outputHeight,
    outputWidth,
    rows: channels * kernelHeight * kernelWidth,
    pixels: outputHeight * outputWidth,
    attributes,
  }
}

/** columns[(c, r, s), (i, j)] = x[c, i·stride − top + r·dilation, j·stride − left + s·dilation], 0 outside of the image. */
export function gatherColumns(geometry: ColumnGeometry, x: RealArray, xStart: number, columns: RealArray): void {
  const { channels, height, width, kernelHeight, kernelWidth, outputHeight, outputWidth, attributes } = geometry
  const { stride, dilation, padding } = attributes
  const strideWidth = stride[1]
  let at = 0
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < kernelHeight; r++) {
      for (let s = 0; s < kernelWidth; s++) {
        const left = s * dilation[1] - padding[2]
        for (let i = 0; i < outputHeight; i++) {
          const h = i * stride[0] + r * dilation[0] - padding[0]
          const isInside = h >= 0 && h < height
          const row = xStart + (c * height + h) * width
          for (let j = 0, w = left; j < outputWidth; j++, w += strideWidth) {
            columns[at++] = isInside && w >= 0 && w < width ? x[row + w]! : 0
          }
        }
      }
    }
  }
}

/** The transpose of gatherColumns: adds each element of `columns` to the pixel that it came from. */
export function scatterColumns(geometry: ColumnGeometry, columns: RealArray, x: RealArray, xStart: number): void {
  const { channels, height, width, kernelHeight, kernelWidth, outputHeight, outputWidth, attributes } = geometry
  const { stride, dilation, padding } = attributes
  const strideWidth = stride[1]
  let at = 0
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < kernelHeight; r++) {
      for (let s = 0; s < kernelWidth; s++) {
        const left = s * dilation[1] - padding[2]
        for (let i = 0; i < outputHeight; i++) {
          const h = i * stride[0] + r * dilation[0] - padding[0]
          const isInside = h >= 0 && h < height
          const row = xStart + (c * height + h) * width
          for (let j = 0, w = left; j < outputWidth; j++, w += strideWidth, at++) {
            if (isInside && w >= 0 && w < width) x[row + w]! += columns[at]!
          }
        }
      }
    }
  }
}
