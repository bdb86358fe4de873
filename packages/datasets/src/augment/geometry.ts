// Flips, rotation, shift, zoom and crops, each as the map from a place of its result to the place that it comes from.

import { type AugmentationOf, cropWindow } from '@trainyard/engine/spec'
import { type GeometricStep, type ImageShape, rangeOf } from './transform.ts'

export function horizontalFlip(_: AugmentationOf<'horizontal_flip'>, { width }: ImageShape): GeometricStep {
  return (map) => map.follow(-1, 0, width - 1, 0, 1, 0)
}

export function verticalFlip(_: AugmentationOf<'vertical_flip'>, { height }: ImageShape): GeometricStep {
  return (map) => map.follow(1, 0, 0, 0, -1, height - 1)
}

export function rotation({ degrees }: AugmentationOf<'rotation'>, { height, width }: ImageShape): GeometricStep {
  const [low, high] = rangeOf(degrees, 0)
  const centreX = (width - 1) / 2
  const centreY = (height - 1) / 2
  return (map, draws) => {
    const angle = (draws.between(low, high) * Math.PI) / 180
    const cos = Math.cos(angle)
    const sin = Math.sin(angle)
    // Counter-clockwise with y downwards: what is above the centre comes from the right.
    map.follow(cos, -sin, centreX - cos * centreX + sin * centreY, sin, cos, centreY - sin * centreX - cos * centreY)
  }
}

export function translation({ horizontal, vertical }: AugmentationOf<'translation'>, { height, width }: ImageShape): GeometricStep {
  const [left, right] = rangeOf(horizontal, 0)
  const [up, down] = rangeOf(vertical, 0)
  return (map, draws) => {
    const x = draws.between(left, right) * width
    const y = draws.between(up, down) * height
    map.follow(1, 0, -x, 0, 1, -y)
  }
}

export function scale({ factor }: AugmentationOf<'scale'>, { height, width }: ImageShape): GeometricStep {
  const [low, high] = rangeOf(factor, 1)
  return (map, draws) => {
    const step = 1 / draws.between(low, high)
    map.follow(step, 0, ((width - 1) / 2) * (1 - step), 0, step, ((height - 1) / 2) * (1 - step))
  }
}

export function randomCrop(config: AugmentationOf<'random_crop'>, { height, width }: ImageShape): GeometricStep {
  const { padding } = config
  const [rows, columns] = cropWindow(config, height, width)
  const stepX = stepOf(columns, width)
  const stepY = stepOf(rows, height)
  const places = [width + 2 * padding - columns + 1, height + 2 * padding - rows + 1] as const
  return (map, draws) => {
    const left = draws.below(places[0]) - padding
    const top = draws.below(places[1]) - padding
    map.follow(stepX, 0, left, 0, stepY, top)
  }
}

/** Windows that are tried before the whole image is taken; torchvision's RandomResizedCrop tries as many. */
const TRIES = 10

export function randomResizedCrop({ area, ratio }: AugmentationOf<'random_resized_crop'>, { height, width }: ImageShape): GeometricStep {
  const [smallest, largest] = area
  const narrow = Math.log(ratio[0])
  const wide = Math.log(ratio[1])
  return (map, draws) => {
    for (let i = 0; i < TRIES; i++) {
      const pixels = draws.between(smallest, largest) * height * width
      const shape = Math.exp(draws.between(narrow, wide))
      const columns = Math.max(1, Math.round(Math.sqrt(pixels * shape)))
      const rows = Math.max(1, Math.round(Math.sqrt(pixels / shape)))
      if (columns > width || rows > height) continue
      const left = draws.below(width - columns + 1)
      const top = draws.below(height - rows + 1)
      map.follow(stepOf(columns, width), 0, left, 0, stepOf(rows, height), top)
      return
    }
  }
}

/** Distance in the window of neighbours in the result: the corners of the window become those of the result. */
function stepOf(window: number, size: number): number {
  return size === 1 ? 0 : (window - 1) / (size - 1)
}
