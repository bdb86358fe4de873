// A supervisor that forks a trainer, prints its process id, and waits to be killed. Run as a process of its own.

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { bundleTrainer } from '../supervisor/trainer-code.ts'
import { trainerEnvironment } from '../supervisor/trainer-environment.ts'
import { forkTrainer } from '../supervisor/trainer-process.ts'
import { WorkDirectories } from '../supervisor/work-directories.ts'

const directories = new WorkDirectories(await mkdtemp(join(tmpdir(), 'trainyard-fork-')))
const trainer = forkTrainer({
  code: await bundleTrainer(directories.make('code')),
  environment: trainerEnvironment({}, 1),
  directories,
  heapMb: 256,
  log: pino({ level: 'silent' }),
})
await trainer.ready
process.stdout.write(`${trainer.pid}\n`)
setInterval(() => {}, 1000)
