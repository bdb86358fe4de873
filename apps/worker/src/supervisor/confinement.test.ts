import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TRAINER_PROTOCOL, type TrainerMessage } from '@trainyard/contracts'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProbePlan, ProbeResult } from '../testing/confined-probe.ts'
import { grantTo } from './start-message.ts'
import { bundleTrainer } from './trainer-code.ts'
import { trainerEnvironment } from './trainer-environment.ts'
import { forkTrainer } from './trainer-process.ts'
import { WorkDirectories } from './work-directories.ts'

const PROBE = fileURLToPath(new URL('../testing/confined-probe.ts', import.meta.url))
const GREEDY = fileURLToPath(new URL('../testing/greedy-trainer.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'trainyard-confined-'))
const storage = join(directory, 'storage')
mkdirSync(join(directory, 'work'))
mkdirSync(storage)
const directories = new WorkDirectories(join(directory, 'work'))
const log = pino({ level: 'silent' })
const environment = trainerEnvironment({}, 1)

/** The kernel of this machine may lack what is used; then the trainer says so, and the worker logs it. */
const isLinux = process.platform === 'linux'

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!isLinux)('requirement 36: a trainer', () => {
  const server = createServer((socket) => socket.destroy())
  const unixServer = createServer((socket) => socket.destroy())
  const unixSocket = join(directory, 'database.sock')
  let result: ProbeResult
  let confinement: { files: string; sockets: string } | null

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    unixServer.listen(unixSocket)
    await Promise.all([once(server, 'listening'), once(unixServer, 'listening')])
    const address = server.address()
    const foreignFile = join(storage, 'other-project.safetensors')
    writeFileSync(foreignFile, 'theirs')
    const plan: ProbePlan = {
      foreignFile,
      foreignDirectory: storage,
      source: fileURLToPath(import.meta.url),
      port: typeof address === 'object' && address !== null ? address.port : 0,
      unixSocket,
    }
    const planFile = join(storage, 'plan.json')
    writeFileSync(planFile, JSON.stringify(plan))
    const code = await bundleTrainer(directories.make('code'), PROBE)
    const trainer = forkTrainer({ code, environment, directories, heapMb: 256, log })
    await trainer.ready
    confinement = trainer.confinement
    const received: TrainerMessage[] = []
    trainer.listen(
      (message) => received.push(message),
      () => {},
    )
    const message = {
      type: 'start' as const,
      protocol: TRAINER_PROTOCOL,
      config: { kind: 'predict' as const, checkpoint_id: '00000000-0000-7000-8000-000000000001', inputs: [0], top_k: 1 },
      dataset: null,
      sources: [{ role: 'file', name: 'plan.json', path: planFile }],
      shard_key_prefix: null,
      preparation: null,
      resume: null,
      source_checkpoint: null,
      threads: 1,
      memory_bytes_max: null,
    }
    trainer.send(await grantTo(trainer.directory, message as never))
    expect((await trainer.exited).description).toBe('ended with exit code 0')
    await trainer.directory.remove()
    const [event] = received
    result = JSON.parse(event?.type === 'event' ? event.message : '{}') as ProbeResult
  })
  afterAll(() => {
    server.close()
    unixServer.close()
  })

  it('reads what it was granted and writes into its own directory', () => {
    expect(result).toMatchObject({ readGranted: 'done', writeWork: 'done' })
  })

  it('opens no socket', ({ skip }) => {
    if (confinement?.sockets === 'none') skip('this kernel has no seccomp')
    expect(result).toMatchObject({ connectTcp: 'EACCES', connectUnix: 'EACCES', listen: 'EACCES' })
  })

  it("reads neither another project's files nor the environment of its supervisor, and changes nothing that it was granted", ({ skip }) => {
    if (confinement?.files === 'none') skip('this kernel has no Landlock')
    expect(result).toMatchObject({
      writeGranted: 'EACCES',
      writeElsewhere: 'EACCES',
      readForeign: 'EACCES',
      readForeignInPool: 'EACCES',
      readSource: 'EACCES',
      listForeign: 'EACCES',
      environmentOfSupervisor: 'EACCES',
    })
  })
})

describe.skipIf(!isLinux)('a trainer that asks for more memory than its plan', () => {
  const run = async (what: 'buffers' | 'objects') => {
    const child = spawn(process.execPath, ['--max-old-space-size=64', '--import', 'tsx', GREEDY, what], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
    })
    await once(child, 'close')
    return output
  }

  it('hears of it as a failure of the category resource', async () => {
    expect(JSON.parse(await run('buffers'))).toMatchObject({
      category: 'resource',
      code: 'out_of_memory',
      hint: 'Reduce the batch size or the model.',
    })
  })

  it('is recognized when its JavaScript heap is too small, which ends the process', async () => {
    const code = await bundleTrainer(directories.make('code'), GREEDY)
    const trainer = forkTrainer({ code, environment, directories, heapMb: 64, log })
    const { isClean, isOutOfMemory } = await trainer.exited
    expect({ isClean, isOutOfMemory }).toEqual({ isClean: false, isOutOfMemory: true })
    await trainer.directory.remove()
  })
})
