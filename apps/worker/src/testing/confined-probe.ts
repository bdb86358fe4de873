// Runs in place of a trainer and tries what a trainer must not be able to do. The paths to try come with the start message, as a granted
// file; what happened goes back as an event.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { type StartMessage, supervisorMessageSchema, TRAINER_PROTOCOL, type TrainerMessage } from '@trainyard/contracts'
import { readConfinement } from '../trainer/confinement.ts'

export interface ProbePlan {
  /** Absolute, of another run or project. */
  readonly foreignFile: string
  readonly foreignDirectory: string
  /** Of this project's. */
  readonly source: string
  readonly port: number
  readonly unixSocket: string
}

const send = (message: TrainerMessage): Promise<void> => new Promise((resolve) => process.send?.(message, () => resolve()))

const emitted = (attempt: () => NodeJS.EventEmitter, success: string): Promise<void> =>
  new Promise((resolve, reject) => attempt().once(success, resolve).once('error', reject))

function attempts({ foreignFile, foreignDirectory, source, port, unixSocket }: ProbePlan, { work_directory: work, sources }: StartMessage) {
  const granted = sources[0]?.path ?? ''
  return {
    readGranted: () => readFileSync(granted),
    writeWork: () => writeFileSync(`${work}/mine`, 'mine'),
    writeGranted: () => writeFileSync(granted, 'changed'),
    writeElsewhere: () => writeFileSync(`${foreignDirectory}/planted`, ''),
    readForeign: () => readFileSync(foreignFile),
    readForeignInPool: () => readFile(foreignFile),
    readSource: () => readFileSync(source),
    listForeign: () => readdirSync(foreignDirectory),
    environmentOfSupervisor: () => readFileSync(`/proc/${process.ppid}/environ`),
    connectTcp: () => emitted(() => connect(port, '127.0.0.1'), 'connect'),
    connectUnix: () => emitted(() => connect(unixSocket), 'connect'),
    listen: () => emitted(() => createServer().listen(0, '127.0.0.1'), 'listening'),
  }
}

export type ProbeResult = Readonly<Record<keyof ReturnType<typeof attempts>, string>>

async function probe(start: StartMessage): Promise<ProbeResult> {
  const plan = JSON.parse(readFileSync(start.sources[0]?.path ?? '', 'utf8')) as ProbePlan
  const results = Object.entries(attempts(plan, start)).map(async ([name, attempt]) => {
    try {
      await attempt()
      return [name, 'done']
    } catch (error) {
      return [name, error instanceof Error && 'code' in error ? String(error.code) : String(error)]
    }
  })
  return Object.fromEntries(await Promise.all(results)) as ProbeResult
}

process.on('message', (raw) => {
  const message = supervisorMessageSchema.parse(raw)
  if (message.type !== 'start') return
  void probe(message)
    .then((result) => send({ type: 'event', event: 'probed', message: JSON.stringify(result) }))
    .then(() => process.exit(0))
})
void send({ type: 'ready', protocol: TRAINER_PROTOCOL, engine: 'probe', confinement: readConfinement() })
