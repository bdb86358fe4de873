import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchArguments } from '@trainyard/launch'
import { version } from 'esbuild'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const PROCESS = fileURLToPath(new URL('testing/process.ts', import.meta.url))

describe('a process that is launched', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'launch-'))
  })
  afterEach(async () => await rm(directory, { recursive: true, force: true }))

  const launch = async (file: string, ...args: string[]) =>
    await new Promise<{ code: unknown; signal: unknown; output: string; error: string }>((resolve) => {
      const env = { PATH: process.env.PATH, TMPDIR: directory }
      execFile(process.execPath, launchArguments(file, ...args), { env }, (failure, output, error) =>
        resolve({ code: failure?.code ?? 0, signal: failure?.signal ?? null, output, error }),
      )
    })

  it('is our code with its own arguments, places and libraries, and leaves no file', async () => {
    const { code, output, error } = await launch(PROCESS, 'an argument')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(JSON.parse(output)).toEqual({
      first: 'an argument',
      main: PROCESS,
      place: 'told.ts',
      text: 'import.meta.url',
      library: version,
      temporary: [],
      // The line of the source, and not of the file that runs.
      stack: expect.stringMatching(/^at .*packages\/launch\/src\/testing\/told\.ts:12:\d+\)?$/),
    })
  })

  it.each([
    ['exit', { code: 3, signal: null }],
    ['signal', { code: 0, signal: 'SIGTERM' }],
  ])('ends as its code does, by %s, and leaves no file', async (ending, expected) => {
    expect(await launch(PROCESS, 'an argument', ending)).toMatchObject(expected)
    expect(await readdir(directory)).toEqual([])
  })

  it('leaves no file when it is to end before it has begun', async () => {
    const child = spawn(process.execPath, launchArguments(PROCESS), { env: { PATH: process.env.PATH, TMPDIR: directory } })
    await expect.poll(() => readdir(directory), { interval: 1 }).not.toEqual([])
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([143, null])
    expect(await readdir(directory)).toEqual([])
  })

  it.each([
    ['what is no TypeScript', 'const = 1', 'wrong.ts:1:6'],
    ['an import that leads nowhere', "import './nowhere.ts'", 'Could not resolve "./nowhere.ts"'],
    ['an error of its own', "throw new TypeError('of its own')", 'TypeError: of its own'],
  ])('tells of %s, and leaves no file', async (_, source, message) => {
    await writeFile(join(directory, 'wrong.ts'), source)
    const { code, error } = await launch(join(directory, 'wrong.ts'))
    expect(code).toBe(1)
    expect(error).toContain(message)
    expect(await readdir(directory)).toEqual(['wrong.ts'])
  })
})
