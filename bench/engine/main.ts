// The engine's speed: against PyTorch by default; or by primitive, by optimizer and regularization, by data, by size, after a long training.
// usage: npm run bench:engine -- [--model lenet5]… [--seconds 1] [--rounds 5] [--threads 2] [--json FILE] [--profile | --parts | --data | --scale | --denormals]
// The peer runs with the Python that TORCH_PYTHON names.

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openOnednn } from '@trainyard/engine/backends'
import { flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { runOurs } from './child.ts'
import { compare } from './compare.ts'
import type { DataCost } from './data.ts'
import { printDenormals } from './denormals.ts'
import { compiledModel, knownModel, MODEL_NAMES, MODELS, type ModelName } from './models.ts'
import { printParts } from './parts.ts'
import { printProfile } from './profile.ts'
import { printScale } from './scale.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [...MODEL_NAMES] },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
    profile: { type: 'boolean', default: false },
    parts: { type: 'boolean', default: false },
    data: { type: 'boolean', default: false },
    scale: { type: 'boolean', default: false },
    denormals: { type: 'boolean', default: false },
  },
})
const { seconds, threads } = values
const models = values.model.map(knownModel)

// As a trainer does.
flushDenormals()
if (values.data) printDataCost()
else if (values.denormals) printDenormals(Number(values.rounds), threads)
else if (values.scale) printScale(Number(seconds), Number(threads))
else if (values.profile) profile(models)
else if (values.parts) printParts(models)
else {
  const { TORCH_PYTHON: python } = process.env
  const comparison = compare({ models, rounds: Number(values.rounds), seconds, threads, python })
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(comparison, null, 2)}\n`)
}
// A process with native threads ends explicitly.
process.exit(0)

function printDataCost(): void {
  const { memory_ms, stream_ms, waited_ms } = runOurs<DataCost>('data', threads, [String(10 * Number(seconds)), threads])
  const share = (100 * (stream_ms - memory_ms)) / memory_ms
  console.log(`resnet20, one batch in memory     ${memory_ms.toFixed(2)} ms per step`)
  console.log(`cropped and flipped on the thread ${stream_ms.toFixed(2)} ms per step, of which ${waited_ms.toFixed(3)} ms waiting`)
  console.log(`loading with augmentation costs   ${share.toFixed(1)} % of a step`)
}

function profile(names: readonly ModelName[]): void {
  const opened = openOnednn()
  if (!opened.available) throw new Error(`${opened.reason} ${opened.hint}`)
  for (const name of names) printProfile(name, opened.backend, compiledModel(MODELS[name]), Number(threads))
}
