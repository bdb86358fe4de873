// What the pages about overfitting show with one seed, with several: on real digits, less loss on those that were not trained on, every time.

import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TrainerInProcess } from '../../apps/worker/src/testing/trainer-in-process.ts'
import { dataOf } from './data.ts'
import { readPage } from './page.ts'
import { parseJob, runJob } from './run-job.ts'

const PAGES = fileURLToPath(new URL('../../docs/lectures/', import.meta.url))
const SEEDS = [2, 3, 4]

/** Page, its job with the remedy, and the largest mean of test loss with it over test loss without. */
const CASES = [
  ['17-augmentation.md', 'augmented', 0.75],
  ['19-dropout.md', 'dropout', 0.85],
] as const

let trainer: TrainerInProcess
beforeAll(async () => {
  trainer = await TrainerInProcess.open()
})
afterAll(() => trainer.close())

describe.each(CASES)('%s: %s', (file, remedy, ratioMax) => {
  it('overfits less with every seed', async () => {
    const page = readPage(PAGES + file)
    const lossOf = async (name: string, seed: number) => {
      const body = page.jobs.get(name) ?? {}
      const data = dataOf(page, String(body.dataset))
      if (data === null) throw new Error(`the page has no data for "${name}"`)
      const job = parseJob({ ...body, training: { ...(body.training as object), seed } })
      const { metrics } = await runJob(trainer, job, await trainer.prepare(data.files, data.options))
      return { train: metrics['train/loss'] ?? Number.NaN, test: metrics['eval/loss'] ?? Number.NaN }
    }
    const ratios: number[] = []
    for (const seed of SEEDS) {
      const [bare, remedied] = [await lossOf('bare', seed), await lossOf(remedy, seed)]
      expect(bare.train, 'learned by heart').toBeLessThan(0.05)
      expect(remedied.test - remedied.train, `gap, seed ${seed}`).toBeLessThan(bare.test - bare.train)
      ratios.push(remedied.test / bare.test)
    }
    for (const ratio of ratios) expect(ratio).toBeLessThan(1)
    expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length, ratios.join(', ')).toBeLessThan(ratioMax)
  })
})
