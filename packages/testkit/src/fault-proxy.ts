// A TCP proxy that misbehaves on command: what lies between two processes when a network fails. It looks at no bytes.

import { once } from 'node:events'
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net'

/**
 * - `pass`: every byte goes through
 * - `drop_replies`: requests arrive, answers are swallowed: what was asked is done, and nobody hears of it
 * - `half_open`: connections are accepted and kept, no byte goes either way
 * - `refuse`: every connection is closed at once
 */
export type ProxyMode = 'pass' | 'drop_replies' | 'half_open' | 'refuse'

export interface FaultProxy {
  readonly port: number
  mode: ProxyMode
  /** Ends all connections with a reset, as a middlebox that forgot them does. */
  cut(): void
  close(): Promise<void>
}

interface Pair {
  readonly near: Socket
  readonly far: Socket
}

/** @param target port on loopback @example const proxy = await startFaultProxy(5432); proxy.mode = 'half_open' */
export async function startFaultProxy(target: number): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  let mode: ProxyMode = 'pass'

  const join = (near: Socket) => {
    if (mode === 'refuse') {
      near.destroy()
      return
    }
    const pair = { near, far: openSocket({ host: '127.0.0.1', port: target, noDelay: true }) }
    pairs.add(pair)
    near.setNoDelay(true)
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      pair.far.destroy()
    }
    for (const socket of [near, pair.far]) socket.on('error', end).on('close', end)
    near.on('data', (bytes) => {
      if (mode !== 'half_open') pair.far.write(bytes)
    })
    pair.far.on('data', (bytes) => {
      if (mode === 'pass') near.write(bytes)
    })
  }

  const server: Server = createServer(join)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy got no port')

  const cut = () => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }
  return {
    port: address.port,
    get mode() {
      return mode
    },
    set mode(next) {
      mode = next
      // Bytes that were swallowed cannot be made up for: those connections are lost with the fault, as they would be behind a real one.
      if (next === 'pass' || next === 'refuse') cut()
    },
    cut,
    close: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
