import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TrainerMessage } from '@trainyard/contracts'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { isAlive } from '../testing/process-state.ts'
import { bundleTrainer } from './trainer-code.ts'
import { trainerEnvironment } from './trainer-environment.ts'
import { TrainerPool } from './trainer-pool.ts'
import { WorkDirectories } from './work-directories.ts'

const directory = mkdtempSync(join(tmpdir(), 'trainyard-trainers-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const directories = new WorkDirectories(directory)
const code = await bundleTrainer(directories.make('code'))
const pool = () =>
  new TrainerPool({
    code,
    environment: trainerEnvironment({ LANG: 'C.UTF-8' }, 1),
    directories,
    heapMb: 256,
    log: pino({ level: 'silent' }),
  })

describe('a trainer process', () => {
  it('sees nothing of the environment but what is let through', async () => {
    process.env.SECRET_OF_THE_WORKER = 'postgresql://user:password@db/trainyard'
    const trainers = pool()
    const { pid } = await trainers.take()
    const names = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').map((entry) => entry.split('=')[0])
    expect(names.filter(Boolean).sort()).toEqual(
      [
        'GLIBC_TUNABLES',
        'GOMP_SPINCOUNT',
        'LANG',
        'NODE_CHANNEL_FD',
        'NODE_CHANNEL_SERIALIZATION_MODE',
        'NODE_ENV',
        'OMP_DYNAMIC',
        'OMP_NUM_THREADS',
        'UV_THREADPOOL_SIZE',
        // glibc cuts the value of GLIBC_TUNABLES at its colon, in place.
        'glibc.malloc.arena_max',
      ].sort(),
    )
    await trainers.close()
  })

  it('is kept in reserve, taken once, and replaced when it dies', async () => {
    const trainers = pool()
    trainers.refill()
    const first = await trainers.take()
    trainers.refill()
    const second = await trainers.take()
    expect(second.pid).not.toBe(first.pid)
    first.kill()
    expect((await first.exited).description).toBe('was killed by SIGKILL')
    await trainers.close()
    expect(second.hasExited).toBe(true)
  })

  it('answers nonsense with a failure and ends', async () => {
    const trainers = pool()
    const trainer = await trainers.take()
    const received: TrainerMessage[] = []
    trainer.listen(
      (message) => received.push(message),
      () => {},
    )
    trainer.send({ type: 'nonsense' } as never)
    expect((await trainer.exited).isClean).toBe(false)
    expect(received).toEqual([])
    await trainers.close()
  })

  it('requirement 6: is gone within a second after its supervisor was killed', async () => {
    const entry = fileURLToPath(new URL('../testing/fork-and-wait.ts', import.meta.url))
    const supervisor = spawn(process.execPath, ['--import', 'tsx', entry], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(supervisor.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    expect(isAlive(pid)).toBe(true)
    const exited = once(supervisor, 'exit')
    supervisor.kill('SIGKILL')
    await exited
    for (let i = 0; i < 10 && isAlive(pid); i++) await sleep(100)
    expect(isAlive(pid)).toBe(false)
  })
})
