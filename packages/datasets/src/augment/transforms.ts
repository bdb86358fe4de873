// Every kind of augmentation, once.

import type { AugmentationType } from '@trainyard/engine/spec'
import { gaussianNoise, masking, saltAndPepper } from './corruption.ts'
import { cutout } from './cutout.ts'
import { elasticDistortion } from './elastic-distortion.ts'
import { horizontalFlip, randomCrop, randomResizedCrop, rotation, scale, translation, verticalFlip } from './geometry.ts'
import { brightness, contrast, saturation } from './photometric.ts'
import type { TransformDefinition } from './transform.ts'

export const TRANSFORMS = {
  horizontal_flip: { stage: 'geometry', create: horizontalFlip },
  vertical_flip: { stage: 'geometry', create: verticalFlip },
  rotation: { stage: 'geometry', create: rotation },
  translation: { stage: 'geometry', create: translation },
  scale: { stage: 'geometry', create: scale },
  random_crop: { stage: 'geometry', create: randomCrop },
  random_resized_crop: { stage: 'geometry', create: randomResizedCrop },
  elastic_distortion: { stage: 'distortion', create: elasticDistortion },
  brightness: { stage: 'pixels', create: brightness },
  contrast: { stage: 'pixels', create: contrast },
  saturation: { stage: 'pixels', create: saturation },
  cutout: { stage: 'pixels', create: cutout },
  gaussian_noise: { stage: 'corruption', create: gaussianNoise },
  masking: { stage: 'corruption', create: masking },
  salt_and_pepper: { stage: 'corruption', create: saltAndPepper },
} as const satisfies { readonly [K in AugmentationType]: TransformDefinition<K> }
