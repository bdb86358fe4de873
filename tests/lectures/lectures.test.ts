// The pages of docs/lectures, run: their jobs pass the checks of the API, train on the data of the page, and do what the page says.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TrainerInProcess } from '../../apps/worker/src/testing/trainer-in-process.ts'
import { dataOf } from './data.ts'
import { expectationSchema, violationOf } from './expectations.ts'
import { readPage } from './page.ts'
import { countOf, type FinishedJob, parseJob, runJob } from './run-job.ts'

const PAGES = fileURLToPath(new URL('../../docs/lectures/', import.meta.url))
/** Rows of the lectures that have a page. */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19]

const files = readdirSync(PAGES)
  .filter((name) => /^\d\d-.*\.md$/.test(name))
  .sort()

it('has a page for every row, and the index leads to it', () => {
  expect(files.map((name) => Number(name.slice(0, 2)))).toEqual(ROWS)
  const index = readFileSync(`${PAGES}README.md`, 'utf8')
  expect([...index.matchAll(/\]\((\d\d-[a-z-]+\.md)\)/g)].map(([, name]) => name)).toEqual(files)
})

let trainer: TrainerInProcess
beforeAll(async () => {
  trainer = await TrainerInProcess.open()
})
afterAll(() => trainer.close())

describe.each(files)('%s', (file) => {
  it('does what it says', async () => {
    const page = readPage(PAGES + file)
    const expectations = page.expectations.map((each) => expectationSchema.parse(each))
    expect(page.jobs.size, 'jobs').toBeGreaterThan(0)
    // A job about which nothing is expected shows nothing.
    const examined = new Set(expectations.flatMap(({ of, over }) => [of.job, over?.job]))
    for (const name of page.jobs.keys()) expect(examined, 'expectations').toContain(name)
    const finished = new Map<string, FinishedJob>()
    for (const [name, body] of page.jobs) {
      const job = parseJob(body)
      const data = dataOf(page, String(body.dataset))
      const isRun = data !== null
      finished.set(name, isRun ? await runJob(trainer, job, await trainer.prepare(data.files, data.options)) : countOf(job))
    }
    const violations: string[] = []
    for (const each of expectations) violations.push(...[(await violationOf(each, finished)) ?? []].flat())
    expect(violations).toEqual([])
  })
})
