// A batch normalization needs more than one value per channel: the variance of one value is 0, and nothing of it is left.

import type { Issue } from '@trainyard/errors'
import type { ResolvedModel } from './resolve-model.ts'

/** One issue for every layer that would normalize single values in training. */
export function checkBatchStatistics({ draft, layers }: ResolvedModel, batchSize: number, modelPath: string): readonly Issue[] {
  if (batchSize > 1) return []
  const configs = new Map(draft.nodes.map(({ id, config }) => [id, config]))
  return layers.flatMap(({ id, path, output }): Issue[] => {
    const config = configs.get(id)
    const [, ...pixels] = output
    if (config?.type !== 'batch_norm' || config.frozen || pixels.some((size) => size > 1)) return []
    return [
      {
        path: `${modelPath}.${path}`,
        code: 'batch_too_small',
        message: `"${id}" would take the variance of one value per channel: it gets [${output.join(', ')}] in batches of ${batchSize}. Expected at least 2 values.`,
        hint: 'Use a batch size of at least 2, or "layer_norm".',
      },
    ]
  })
}
