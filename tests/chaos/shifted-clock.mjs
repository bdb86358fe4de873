// Preloaded into a worker: its wall clock is off by the number of milliseconds that CHAOS_CLOCK_FILE holds. The monotonic clock is not
// touched, as no operating system does.

import { readFileSync } from 'node:fs'

const POLL_MS = 100
const file = process.env.CHAOS_CLOCK_FILE
const trueNow = Date.now
let offsetMs = 0

setInterval(() => {
  offsetMs = Number.parseInt(readFileSync(file, 'utf8'), 10) || 0
}, POLL_MS).unref()

const TrueDate = Date
globalThis.Date = class extends TrueDate {
  constructor(...args) {
    if (args.length === 0) super(trueNow() + offsetMs)
    else super(...args)
  }

  static now() {
    return trueNow() + offsetMs
  }
}
