// What the service reaches on real pictures, over HTTP only: LeNet-5 on MNIST, a small residual network with augmentation on Fashion-MNIST. Each runs
// once, with a budget that was settled before; no run is picked or stopped by its test accuracy. Minutes of training.
// usage: npm run bench:accuracy -- [--epochs 10] [--json FILE]

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Client } from '../demo/client.ts'
import { type DatasetFiles, fashionMnistFiles, mnistFiles } from '../demo/datasets.ts'
import { findOrStart } from '../demo/service.ts'
import { train } from '../demo/steps/train.ts'
import { uploadDataset } from '../demo/steps/upload.ts'

const { values } = parseArgs({ options: { epochs: { type: 'string', default: '10' }, json: { type: 'string' } } })

interface Measured {
  readonly name: string
  readonly files: DatasetFiles | null
  readonly model: object
  readonly training: object
}

/** The rate rises and falls once over the run. */
const oneCycle = (learning_rate: number) => ({
  optimizer: { type: 'sgd', learning_rate, momentum: 0.9, nesterov: true, weight_decay: 5e-4 },
  schedule: { type: 'one_cycle' },
  evaluate: { every_epochs: 1 },
})

const RUNS: readonly Measured[] = [
  {
    name: 'Fashion-MNIST, ResNet-20',
    files: fashionMnistFiles(),
    model: { version: 1, preset: { name: 'resnet20', options: { input: [1, 28, 28], shortcut: 'projection' } } },
    training: {
      epochs: Number(values.epochs),
      batch_size: 128,
      seed: 1,
      augmentation: [{ type: 'random_crop', padding: 2 }, { type: 'horizontal_flip' }],
      ...oneCycle(0.2),
    },
  },
  {
    name: 'MNIST, LeNet-5',
    files: mnistFiles(),
    model: { version: 1, preset: { name: 'lenet5' } },
    training: { epochs: 8, batch_size: 64, seed: 1, ...oneCycle(0.05) },
  },
]

const service = await findOrStart()
try {
  const client = new Client(service.url, service.key)
  const results = []
  for (const { name, files, model, training } of RUNS) {
    if (files === null) {
      console.log(`${name}: the data is not on this machine; to have it: apt-get install dataset-fashion-mnist`)
      continue
    }
    const { id: dataset } = await uploadDataset(client, files)
    const { accuracy, seconds, run } = await train(client, name, { dataset, model, training })
    results.push({
      name,
      test_accuracy: accuracy,
      seconds,
      samples_per_second: run.result?.kind === 'train' ? run.result.samples_per_second : null,
    })
  }
  console.log(`\n${JSON.stringify(results, null, 2)}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
} finally {
  await service.stop()
}
