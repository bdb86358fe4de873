// Places a phase's slots in shared memory by liveness: largest first, each at the lowest offset free for its whole life.

import { alignUp } from './binding/memory.ts'
import { type Slot, type Step, slotsOf } from './lower/step.ts'

export interface ArenaPlan {
  readonly offsets: ReadonlyMap<Slot, number>
  readonly bytes: number
}

interface Life {
  readonly slot: Slot
  first: number
  last: number
  offset: number
}

export function planArena(steps: readonly Step[]): ArenaPlan {
  const lives = new Map<Slot, Life>()
  steps.forEach((step, index) => {
    for (const slot of slotsOf(step)) {
      if (slot.home !== 'arena') continue
      const life = lives.get(slot)
      if (life === undefined) lives.set(slot, { slot, first: index, last: index, offset: 0 })
      else life.last = index
    }
  })
  const placed: Life[] = []
  let bytes = 0
  for (const life of [...lives.values()].sort((a, b) => b.slot.bytes - a.slot.bytes)) {
    const rivals = placed.filter((other) => other.first <= life.last && life.first <= other.last).sort((a, b) => a.offset - b.offset)
    for (const rival of rivals) {
      if (life.offset + life.slot.bytes <= rival.offset) break
      life.offset = Math.max(life.offset, alignUp(rival.offset + rival.slot.bytes))
    }
    placed.push(life)
    bytes = Math.max(bytes, alignUp(life.offset + life.slot.bytes))
  }
  return { offsets: new Map(placed.map(({ slot, offset }) => [slot, offset])), bytes }
}
