// The thread itself: fills slot after slot, ahead of the trainer by as many batches as there are free slots.

import { workerData } from 'node:worker_threads'
import { BatchOrder } from './batch-order.ts'
import { CONTROL, type DataThreadStart, writeFailure } from './data-thread.ts'
import { Gatherer, targetLayout } from './gather.ts'

/** How often a waiting thread looks whether it should stop. */
const POLL_MS = 1000

function run({ gather, order: orderOptions, slots: buffers, control: controlBuffer, message }: DataThreadStart): void {
  const control = new Int32Array(controlBuffer)
  const stopped = () => Atomics.load(control, CONTROL.stop) === 1
  try {
    const order = new BatchOrder(orderOptions)
    const gatherer = new Gatherer(gather)
    const { type } = targetLayout(gather)
    const slots = buffers.map(({ samples, targets, originals }) => ({
      samples: new Float32Array(samples),
      targets: type === 'I32' ? new Int32Array(targets) : new Float32Array(targets),
      originals: originals && new Float32Array(originals),
    }))
    Atomics.store(control, CONTROL.ready, 1)
    while (Atomics.load(control, CONTROL.firstStep) < 0) {
      if (stopped()) return
      Atomics.wait(control, CONTROL.firstStep, -1, POLL_MS)
    }
    for (let step = Atomics.load(control, CONTROL.firstStep); ; step++) {
      for (;;) {
        if (stopped()) return
        const released = Atomics.load(control, CONTROL.released)
        if (step - released < slots.length) break
        Atomics.wait(control, CONTROL.released, released, POLL_MS)
      }
      const slot = slots[step % slots.length]
      if (slot === undefined) throw new Error('there are no slots')
      const epoch = Math.floor(step / order.stepsPerEpoch)
      const from = (step % order.stepsPerEpoch) * orderOptions.batchSize
      const to = Math.min(from + orderOptions.batchSize, order.rows)
      gatherer.gather(order.epoch(epoch), epoch, from, to, slot)
      Atomics.store(control, CONTROL.produced, step + 1)
      Atomics.notify(control, CONTROL.produced)
    }
  } catch (error) {
    writeFailure(control, new Uint8Array(message), error)
  }
}

run(workerData as DataThreadStart)
