// A supervisor that forks a trainer, prints its process id, and waits to be killed. Run as a process of its own.

import { pino } from 'pino'
import { trainerEnvironment } from '../supervisor/trainer-environment.ts'
import { forkTrainer } from '../supervisor/trainer-process.ts'

const trainer = forkTrainer({
  environment: trainerEnvironment({}, 1),
  directory: process.cwd(),
  heapMb: 256,
  log: pino({ level: 'silent' }),
})
await trainer.ready
process.stdout.write(`${trainer.pid}\n`)
setInterval(() => {}, 1000)
