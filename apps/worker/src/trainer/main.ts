// The trainer: a process per run, forked by the supervisor. It has no credentials, reads what it is granted, writes into its work
// directory, and speaks to nobody but the supervisor. It always ends by process.exit: oneDNN's threads do not survive a plain return.

import { supervisorMessageSchema, TRAINER_PROTOCOL } from '@trainyard/contracts'
import { Channel } from './channel.ts'
import { readConfinement } from './confinement.ts'
import { flushDenormals } from './denormals.ts'
import { ENGINE_VERSION } from './engine-version.ts'
import { describeFailure } from './failure.ts'
import { KINDS } from './kinds.ts'

/** sysexits.h EX_SOFTWARE: the supervisor is gone. */
const EXIT_ORPHANED = 70

process.once('disconnect', () => process.exit(EXIT_ORPHANED))
// A Ctrl-C in a terminal is for the supervisor, which decides what becomes of the run.
process.on('SIGINT', () => {})

const channel = new Channel()

async function execute(raw: unknown): Promise<void> {
  const message = supervisorMessageSchema.parse(raw)
  if (message.type === 'stop') {
    channel.requestStop(message.reason)
    return
  }
  // What is prepared keeps every number of its files.
  if (message.config.kind !== 'prepare') flushDenormals()
  try {
    await KINDS[message.config.kind](message, channel)
  } catch (error) {
    channel.send({ type: 'failed', failure: describeFailure(error) })
  }
  await channel.drain()
  process.exit(0)
}

process.on('message', (raw) => {
  execute(raw).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  })
})
channel.send({ type: 'ready', protocol: TRAINER_PROTOCOL, engine: ENGINE_VERSION, confinement: readConfinement() })
