import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'

/** Answers every byte with its double and remembers what arrived. */
let arrived: string
let server: Server
let proxy: FaultProxy
const clients: Socket[] = []

beforeEach(async () => {
  arrived = ''
  server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      arrived += bytes
      socket.write(`${bytes}${bytes}`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  proxy = await startFaultProxy(typeof address === 'object' && address !== null ? address.port : 0)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
  server.close()
})

async function client(): Promise<{ socket: Socket; heard: () => string; closed: () => boolean }> {
  const socket = connect(proxy.port, '127.0.0.1')
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (bytes) => {
    heard += bytes
  })
  await once(socket, 'connect')
  clients.push(socket)
  return { socket, heard: () => heard, closed: () => socket.closed }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(10)
  expect(condition()).toBe(true)
}

describe('a fault proxy', () => {
  it('passes bytes both ways', async () => {
    const { socket, heard } = await client()
    socket.write('ab')
    await until(() => heard() === 'abab')
  })

  it('lets a request through and swallows its answer', async () => {
    const { socket, heard } = await client()
    proxy.mode = 'drop_replies'
    socket.write('x')
    await until(() => arrived === 'x')
    await sleep(50)
    expect(heard()).toBe('')
  })

  it('accepts and never answers when half open', async () => {
    proxy.mode = 'half_open'
    const { socket, heard, closed } = await client()
    socket.write('x')
    await sleep(50)
    expect([arrived, heard(), closed()]).toEqual(['', '', false])
  })

  it('refuses, cuts what there is, and is whole again afterwards', async () => {
    const first = await client()
    proxy.mode = 'refuse'
    await until(() => first.closed())
    const second = await client()
    await until(() => second.closed())
    proxy.mode = 'pass'
    const third = await client()
    third.socket.write('y')
    await until(() => third.heard() === 'yy')
  })
})
