// Specifications with known mistakes: what is sent, and the path and code of every issue that must come back.

import type { BadSpec } from './bad-specs/bad-spec.ts'
import { COMPOSITES } from './bad-specs/composites.samples.ts'
import { ENVELOPE } from './bad-specs/envelope.samples.ts'
import { GRAPHS } from './bad-specs/graphs.samples.ts'
import { LAYERS } from './bad-specs/layers.samples.ts'
import { NORMALIZATION } from './bad-specs/normalization.samples.ts'
import { SHAPES } from './bad-specs/shapes.samples.ts'

export const BAD_SPECS: readonly BadSpec[] = [...ENVELOPE, ...LAYERS, ...SHAPES, ...NORMALIZATION, ...GRAPHS, ...COMPOSITES]
