import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { Outages } from './outages.ts'

describe('outages', () => {
  let lines: { msg: string; error?: unknown; failures?: number }[]
  let time: number
  let isThere: { PostgreSQL: boolean; queue: boolean }
  let outages: Outages

  beforeEach(() => {
    lines = []
    time = 0
    isThere = { PostgreSQL: true, queue: true }
    const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
    outages = new Outages({ now: () => time, log, lookMs: 5 })
    for (const part of ['PostgreSQL', 'queue'] as const) {
      outages.watch(part, async () => {
        if (!isThere[part]) throw new Error('connection refused')
      })
    }
  })
  const told = () => lines.map(({ msg }) => msg)
  const until = async (count: number) => {
    while (lines.length < count) await sleep(1)
    // Nothing more comes.
    await sleep(30)
  }

  it('tells the beginning once, and the end with how long it was and what it cost', async () => {
    isThere.PostgreSQL = false
    for (let i = 0; i < 100; i++) outages.report(new Error('terminated'))
    await until(1)
    expect(told()).toEqual(['PostgreSQL does not answer: connection refused. Everything that needs it is tried again until it does.'])
    for (let i = 0; i < 20; i++) outages.report(new Error('terminated'))
    await sleep(20)
    time = 12_345
    isThere.PostgreSQL = true
    await until(2)
    expect(told().slice(1)).toEqual(['PostgreSQL answers again, after 12.3 s in which 120 calls failed.'])
    outages.close()
  })

  it('tells parts apart', async () => {
    isThere.PostgreSQL = false
    isThere.queue = false
    outages.report(new Error('terminated'))
    await until(2)
    isThere.queue = true
    await until(3)
    isThere.PostgreSQL = true
    await until(4)
    expect(told().map((line) => line.split(/[:,]/)[0])).toEqual([
      'PostgreSQL does not answer',
      'queue does not answer',
      'queue answers again',
      'PostgreSQL answers again',
    ])
    outages.close()
  })

  it('shows the error of a call that failed although both answer', async () => {
    outages.report(new Error('column does not exist'))
    outages.report(new Error('column does not exist'))
    await until(1)
    expect(lines).toMatchObject([{ msg: 'a call failed; it is made again', failures: 2 }])
    outages.close()
  })

  it('ends with the worker', async () => {
    isThere.queue = false
    outages.report(new Error('terminated'))
    await until(1)
    outages.close()
    isThere.queue = true
    outages.report(new Error('terminated'))
    await sleep(30)
    expect(lines).toHaveLength(1)
  })
})
