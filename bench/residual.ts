// Residual against plain at 56 layers of convolution: the two networks of He et al. 2016 (figure 6) at small scale, the same data, seed and training.
// usage: npm run bench:residual -- [--seeds 3] [--epochs 8] [--rows 1024] [--width 4] [--json FILE]

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { newUuid } from '@trainyard/contracts'
import { TrainerInProcess } from '../apps/worker/src/testing/trainer-in-process.ts'
import { digitFilesOf } from '../tests/lectures/data.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '8' },
    rows: { type: 'string', default: '1024' },
    width: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
})
const [epochs, rows, width] = [values.epochs, values.rows, values.width].map(Number) as [number, number, number]
const BATCH = 64
/** Pixels of a side: a quarter of the work of the 28 that MNIST has. */
const SIDE = 14
const NETWORKS = ['plain56', 'resnet56'] as const

interface Outcome {
  /** Over the last epoch. */
  readonly trainLoss: number
  readonly trainError: number
  readonly testError: number
  readonly seconds: number
}

const trainer = await TrainerInProcess.open()
try {
  const dataset = await trainer.prepare(digitFilesOf({ train: rows, test: 1000 }), {})
  const train = async (name: (typeof NETWORKS)[number], seed: number): Promise<Outcome> => {
    const training = {
      epochs,
      batch_size: BATCH,
      seed,
      log_every_steps: Math.ceil(rows / BATCH),
      transforms: [{ type: 'resize' as const, height: SIDE, width: SIDE }, { type: 'standardize' as const }],
      evaluate: { every_epochs: epochs },
      optimizer: { type: 'sgd' as const, learning_rate: 0.05, momentum: 0.9, weight_decay: 1e-4 },
    }
    const spec = { version: 1 as const, preset: { name, options: { input: [1, SIDE, SIDE], width } } }
    const { result } = await trainer.run({ kind: 'train', spec, training, dataset_version_id: newUuid(), transfer: null }, { dataset })
    if (result?.kind !== 'train') throw new Error('the run has no result')
    const at = (series: string) => Number(result.metrics[series])
    return {
      trainLoss: at('train/loss'),
      trainError: 1 - at('train/accuracy'),
      testError: 1 - at('eval/accuracy'),
      seconds: result.seconds,
    }
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  console.log(`56 layers, ${width} to ${4 * width} filters, ${rows} digits of ${SIDE}×${SIDE}, ${epochs} epochs, batch ${BATCH}\n`)
  console.log('| seed | network | training loss | training error | test error | s |\n|---|---|---|---|---|---|')
  const outcomes: (Outcome & { readonly seed: number; readonly name: string })[] = []
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const name of NETWORKS) {
      const outcome = await train(name, seed)
      outcomes.push({ seed, name, ...outcome })
      const { trainLoss, trainError, testError, seconds } = outcome
      console.log(
        `| ${seed} | ${name} | ${trainLoss.toFixed(3)} | ${percent(trainError)} | ${percent(testError)} | ${seconds.toFixed(1)} |`,
      )
    }
  }
  const of = (network: string) => outcomes.filter(({ name }) => name === network)
  const mean = (network: string) => of(network).reduce((sum, { trainError }) => sum + trainError, 0) / of(network).length
  const inAll = of('plain56').every(({ trainError }, i) => trainError > (of('resnet56')[i]?.trainError ?? Number.NaN))
  console.log(
    `\ntraining error ${percent(mean('plain56'))} plain, ${percent(mean('resnet56'))} residual; plain is worse with every seed: ${inAll ? 'yes' : 'no'}`,
  )
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcomes, null, 2)}\n`)
} finally {
  await trainer.close()
}
// A process with native threads ends explicitly.
process.exit(0)
