// The demo: a user of the service, over HTTP only. `npm run demo -- [--json FILE] [--small]`

import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Client } from './client.ts'
import { fashionMnistFiles, mnistFiles, onePerClass } from './datasets.ts'
import { formatPercent, formatSeconds, formatTable } from './format.ts'
import { FULL, SMALL } from './plan.ts'
import { findOrStart } from './service.ts'
import { trainingBackend } from './steps/backend.ts'
import { predictAndShow } from './steps/predict.ts'
import { type Trained, train } from './steps/train.ts'
import { compareTransfer } from './steps/transfer.ts'
import { uploadDataset } from './steps/upload.ts'

const LENET5 = { version: 1, preset: { name: 'lenet5' } }

async function main(): Promise<void> {
  const began = performance.now()
  const { values } = parseArgs({ options: { json: { type: 'string' }, small: { type: 'boolean', default: false } } })

  console.log('\nThe service')
  const service = await findOrStart()
  try {
    console.log(`  ${service.url}, documentation at ${service.url}/docs`)
    console.log(`  project ${service.projectId} with a key of its own`)
    const client = new Client(service.url, service.key)

    console.log('\nDatasets')
    const files = mnistFiles()
    const mnist = await uploadDataset(client, files)
    const fashionFiles = fashionMnistFiles()
    const fashion = fashionFiles === null ? null : await uploadDataset(client, fashionFiles)
    if (fashion === null) console.log('  Fashion-MNIST is not on this machine; to have it: apt-get install dataset-fashion-mnist')

    console.log('\nTraining LeNet-5')
    const backend = await trainingBackend(client, mnist, LENET5, Number(FULL.digits.batch_size))
    const plan = values.small || backend !== 'onednn' ? SMALL : FULL
    if (!values.small && plan === SMALL)
      console.log(`  The worker computes with the ${backend} backend: a smaller demo. oneDNN makes it fast.`)
    const digits = await train(client, 'MNIST', { dataset: mnist.id, model: LENET5, training: plan.digits })

    let comparison: Awaited<ReturnType<typeof compareTransfer>> | null = null
    if (fashion !== null) {
      console.log(`\nTransfer to Fashion-MNIST with ${plan.trainingImages.toLocaleString('en')} training images`)
      comparison = await compareTransfer(client, plan, fashion, LENET5, digits.checkpointId)
    }

    console.log('\nTen test digits, as the checkpoint sees them\n')
    const right = await predictAndShow(client, digits.checkpointId, await onePerClass(files, 10))
    console.log(`\n  ${right} of 10 are right`)

    const totalSeconds = (performance.now() - began) / 1000
    console.log(`\nWhat was done\n\n${summary([digits, comparison?.scratch, comparison?.transfer])}`)
    console.log(`\n  total      ${formatSeconds(totalSeconds)}`)
    console.log(`  docs       ${service.url}/docs${service.isKept ? '' : '   (npm start serves all this again)'}`)
    console.log(`  project    ${service.projectId}; another key: npm run cli -- keys create --project ${service.projectId}`)
    console.log(`  curves     GET /v1/runs/${digits.run.id}/metrics`)
    console.log(`  weights    GET /v1/checkpoints/${digits.checkpointId}/download`)

    if (values.json !== undefined) {
      const transfer =
        comparison === null ? null : { scratch_accuracy: comparison.scratch.accuracy, transfer_accuracy: comparison.transfer.accuracy }
      await writeFile(
        values.json,
        `${JSON.stringify({ mnist_test_accuracy: digits.accuracy, transfer, total_seconds: totalSeconds }, null, 2)}\n`,
      )
    }
    if (plan.digitsAccuracyMin !== null && digits.accuracy < plan.digitsAccuracyMin) {
      throw new Error(
        `LeNet-5 reached ${formatPercent(digits.accuracy)} of the test digits; expected ${formatPercent(plan.digitsAccuracyMin)}`,
      )
    }
  } finally {
    await service.stop()
  }
}

function summary(trained: readonly (Trained | undefined)[]): string {
  const rows = trained
    .filter((entry) => entry !== undefined)
    .map(({ job, run, accuracy, seconds }) => [job.name ?? '', formatPercent(accuracy), formatSeconds(seconds), job.id, run.id])
  return formatTable([['job', 'test accuracy', 'training', 'job id', 'run id'], ...rows])
}

try {
  await main()
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
