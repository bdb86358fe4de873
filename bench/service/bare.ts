// The loop of a training run with nothing around it: no messages, no checkpoints, no service. In a process of its own: it prints a line when it is
// ready, begins when it is given one, and prints its result as one line of JSON.
// usage: node --import tsx bench/service/bare.ts JOB.json

import { readFileSync, readSync } from 'node:fs'
import { type StartMessage, TRAINER_PROTOCOL, type TrainerMessage } from '@trainyard/contracts'
import { Channel } from '../../apps/worker/src/trainer/channel.ts'
import { flushDenormals } from '../../apps/worker/src/trainer/denormals.ts'
import { openTraining } from '../../apps/worker/src/trainer/train.ts'
import { type BareJob, type BareResult, bareJobSchema } from './job.ts'
import { digestOfWeights } from './weights.ts'

class Silence extends Channel {
  override send(_message: TrainerMessage): void {}
}

// As a trainer does.
flushDenormals()
console.log(JSON.stringify(run(bareJobSchema.parse(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))))))
// A process with native threads ends explicitly.
process.exit(0)

function run({ config, dataset, threads }: BareJob): BareResult {
  const start: StartMessage = {
    type: 'start',
    protocol: TRAINER_PROTOCOL,
    config,
    dataset,
    sources: [],
    shard_key_prefix: null,
    preparation: null,
    resume: null,
    source_checkpoint: null,
    work_directory: '',
    threads,
    memory_bytes_max: null,
  }
  if (config.kind !== 'train') throw new Error(`a job of kind ${config.kind}: expected train`)
  const { loop, session } = openTraining({ start, config, resume: null, source: null, now: () => performance.now() }, new Silence())
  console.log('ready')
  readSync(0, Buffer.alloc(1))
  const began = performance.now()
  for (const _ of loop.run());
  return {
    seconds: (performance.now() - began) / 1000,
    steps: loop.state.step,
    loss: loop.state.metrics['train/loss'] ?? Number.NaN,
    weights: digestOfWeights(session.exportState()),
  }
}
