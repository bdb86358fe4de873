// Elastic distortion: Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to visual document analysis"
// (ICDAR 2003), section 2. Uniform noise in −1 … 1 for each direction, smoothed by a Gaussian, times a strength.

import type { AugmentationOf } from '@trainyard/engine/spec'
import { GaussianSmoother } from './gaussian-smoother.ts'
import type { DistortionStep, ImageShape } from './transform.ts'

export function elasticDistortion({ alpha, sigma }: AugmentationOf<'elastic_distortion'>, { height, width }: ImageShape): DistortionStep {
  const smoother = new GaussianSmoother(height, width, sigma)
  return (field, draws) => {
    field.randomize(draws)
    field.smooth(smoother)
    field.scale(alpha)
  }
}
