// A process that is killed in the middle of its work on files, seen from the disk: from a given operation on, nothing is done any more and
// nothing returns. Replaces the functions of node:fs that a checkpoint is saved with, so that every one of them can be the last.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

type Callback = (...result: unknown[]) => void

/** An operation that was about to be done: its name, and for a write the number of bytes. */
export interface Operation {
  readonly name: string
  readonly bytes: number
}

const PROMISED = ['open', 'rename', 'mkdir', 'rm', 'link'] as const
const CALLED_BACK = ['open', 'write', 'writev', 'fsync', 'close'] as const
const OF_HANDLE = ['write', 'writev', 'writeFile', 'sync', 'close'] as const

/** What `freezeFilesAfter` has done. */
export interface FrozenFiles {
  /** The operations that were begun. */
  readonly begun: readonly Operation[]
  /** Puts everything back. */
  thaw(): void
}

/**
 * @param last Number of operations that are done; the one after it and all others never return.
 * @param isTorn Whether the one after it, where it is a write, still reaches the disk with the first half of its bytes.
 */
export async function freezeFilesAfter(last: number, { isTorn }: { isTorn: boolean }): Promise<FrozenFiles> {
  const begun: Operation[] = []
  const opened: fs.promises.FileHandle[] = []
  const undo: (() => void)[] = []
  const never = () => new Promise<never>(() => {})
  const replace = (target: object, name: string, make: (original: (...values: unknown[]) => unknown) => unknown) => {
    const original = Reflect.get(target, name) as (...values: unknown[]) => unknown
    Reflect.set(target, name, make(original))
    undo.push(() => Reflect.set(target, name, original))
  }
  const kept = async (result: unknown): Promise<unknown> => {
    const value = await result
    if (typeof value === 'object' && value !== null && 'fd' in value) opened.push(value as fs.promises.FileHandle)
    return value
  }
  const isAlive = (name: string, bytes = 0): boolean => {
    begun.push({ name, bytes })
    return begun.length <= last
  }

  const probe = await fs.promises.open(process.execPath, 'r')
  const handle = Object.getPrototypeOf(probe) as object
  await probe.close()
  for (const name of PROMISED) {
    replace(
      fs.promises,
      name,
      (original) =>
        (...values: unknown[]) =>
          isAlive(name) ? kept(original.apply(fs.promises, values)) : never(),
    )
  }
  for (const name of OF_HANDLE) {
    replace(
      handle,
      name,
      (original) =>
        async function (this: fs.promises.FileHandle, ...values: unknown[]) {
          const [data] = values
          const chunk = data instanceof Uint8Array ? data : null
          if (isAlive(`handle.${name}`, chunk?.byteLength)) return original.apply(this, values)
          if (isTorn && chunk !== null && begun.length === last + 1) fs.writeSync(this.fd, chunk.subarray(0, chunk.byteLength >> 1))
          return never()
        },
    )
  }
  for (const name of CALLED_BACK) {
    replace(fs, name, (original) => (...values: unknown[]) => {
      const [descriptor, data] = values
      const chunk = data instanceof Uint8Array ? data : null
      if (isAlive(name, chunk?.byteLength)) return original.apply(fs, values)
      if (isTorn && chunk !== null && begun.length === last + 1) fs.writeSync(Number(descriptor), chunk.subarray(0, chunk.byteLength >> 1))
      return undefined satisfies ReturnType<Callback> | undefined
    })
  }
  syncBuiltinESMExports()
  return {
    begun,
    thaw: () => {
      for (const put of undo.reverse()) put()
      syncBuiltinESMExports()
      // One that a frozen stream holds never closes.
      for (const file of opened) void file.close()
    },
  }
}
