// A port on loopback that nobody listens on; the one from last time if it is still free.

import { once } from 'node:events'
import { createServer } from 'node:net'

export async function freePort(preferred = 0): Promise<number> {
  const server = createServer()
  server.listen({ port: preferred, host: '127.0.0.1', exclusive: true })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (preferred === 0) throw error
    return freePort()
  }
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('free port: the system gave no port for 127.0.0.1')
  return address.port
}
