// Requirement 33: import URLs reach public hosts only, whatever they look like; and a file comes whole or not at all.

import { createHash } from 'node:crypto'
import { lookup } from 'node:dns'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { lookupWith, type Resolve } from './address-policy.ts'
import { checkUrl, fetchFile } from './index.ts'
import type { PaceLimits } from './pace.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

async function serve(handler: RequestListener): Promise<{ host: string; url: string; server: Server }> {
  const server = createServer(handler)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, url: `http://${host}/file`, server }
}

const options = (...allowedHosts: string[]) => ({ allowedHosts, bytesMax: 1e6 })
const content = async (url: string, ...hosts: string[]) => buffer((await fetchFile(url, options(...hosts))).content)

describe('requirement 33: the policy of addresses', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[2002:7f00:1::]/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'gopher://example.org/',
    'http://user:secret@example.org/',
    'nonsense',
  ])('refuses %s', (url) => expect(checkUrl(url)).toMatchObject({ message: expect.any(String), hint: expect.any(String) }))

  it.each(['https://example.org/x', 'http://8.8.8.8/', 'http://[2606:4700:4700::1111]/', 'https://xn--nxasmq6b/'])('lets %s pass', (url) =>
    expect(checkUrl(url)).toBeNull(),
  )

  it('resolves no name to an address that is not public', async () => {
    const error = await new Promise((resolve) => lookupWith(lookup, false)('localhost', { all: true }, resolve))
    expect(String(error)).toMatch(/localhost has the address .* loopback and not public/)
  })
})

describe('fetching a file', () => {
  it('requirement 33: makes no connection to a name of a private address, or to where a redirect leads', async () => {
    let connections = 0
    const inner = await serve((_, response) => void response.end('secret'))
    inner.server.on('connection', () => connections++)
    const port = inner.host.split(':')[1]
    await expect(content(`http://localhost:${port}/`)).rejects.toMatchObject({ code: 'import_failed' })
    const outer = await serve((_, response) => void response.writeHead(302, { location: inner.url }).end())
    await expect(content(outer.url, outer.host)).rejects.toThrow('127.0.0.1 is a loopback address')
    const byName = await serve((_, response) => void response.writeHead(307, { location: `http://localhost:${port}/` }).end())
    await expect(content(byName.url, byName.host)).rejects.toThrow('loopback and not public')
    expect(connections).toBe(0)
  })

  /** Space that nobody has been given (IANA, IPv6 global unicast): public, and reached by nothing. */
  const PUBLIC = { address: '2e00::1', family: 6 }
  const LOOPBACK = { address: '127.0.0.1', family: 4 }
  /** A resolver whose answers change: rebind.test is public when it is asked first, and this machine from then on. */
  const rebinding = () => {
    const asked: string[] = []
    const resolve: Resolve = (hostname, _, callback) => {
      const isFirst = !asked.includes(hostname)
      asked.push(hostname)
      const both = hostname === 'both.test' ? [PUBLIC, LOOPBACK] : [isFirst && hostname === 'rebind.test' ? PUBLIC : LOOPBACK]
      setImmediate(() => callback(null, both))
    }
    return { asked, resolve }
  }
  const UNREACHED = /ENETUNREACH|EADDRNOTAVAIL|EHOSTUNREACH|EACCES|no answer came within/

  it('requirement 33: connects to the address that was looked at, whatever the name means a moment later', async () => {
    let connections = 0
    const inner = await serve((_, response) => void response.end('secret'))
    inner.server.on('connection', () => connections++)
    const port = inner.host.split(':')[1]
    const { asked, resolve } = rebinding()
    const pace = { windowMs: 500, windowBytes: 1, totalMs: 60_000 }
    const attempt = (url: string) => fetchFile(url, { ...options(), pace, resolve })
    await expect(attempt(`http://rebind.test:${port}/`)).rejects.toThrow(UNREACHED)
    expect(asked).toEqual(['rebind.test'])
    await expect(attempt(`http://rebind.test:${port}/`)).rejects.toThrow('127.0.0.1, which is loopback and not public')
    await expect(attempt(`http://both.test:${port}/`)).rejects.toThrow('127.0.0.1, which is loopback and not public')
    expect(connections).toBe(0)
  })

  it('requirement 33: the same behind a redirect of a host that is allowed', async () => {
    const seen: string[] = []
    const { host } = await serve((request, response) => {
      seen.push(request.headers.host ?? '')
      response.writeHead(302, { location: `http://rebind.test:${host.split(':')[1]}/` }).end()
    })
    const mirror = host.replace('127.0.0.1', 'mirror.test')
    const { asked, resolve } = rebinding()
    const pace = { windowMs: 500, windowBytes: 1, totalMs: 60_000 }
    const attempt = () => fetchFile(`http://${mirror}/file`, { ...options(mirror), pace, resolve })
    await expect(attempt()).rejects.toThrow(UNREACHED)
    await expect(attempt()).rejects.toThrow('rebind.test has the address 127.0.0.1, which is loopback and not public')
    expect(asked).toEqual(['mirror.test', 'rebind.test', 'mirror.test', 'rebind.test'])
    expect(seen).toEqual([mirror, mirror])
  })

  it('follows redirects that are allowed, and not for ever', async () => {
    const { url, host } = await serve((request, response) => {
      if (request.url === '/file') response.writeHead(301, { location: '/there' }).end()
      else if (request.url === '/there') response.end('hello')
      else response.writeHead(302, { location: '/loop' }).end()
    })
    expect((await content(url, host)).toString()).toBe('hello')
    await expect(content(url.replace('file', 'loop'), host)).rejects.toThrow('more than 5 redirects')
  })

  it('takes up a connection that breaks off, where the server lets it', async () => {
    const whole = Buffer.alloc(300_000, 'abcdefg')
    let requests = 0
    const { url, host } = await serve((request, response) => {
      requests++
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      const headers = { 'content-length': whole.length - start, etag: '"1"', 'accept-ranges': 'bytes' }
      response.writeHead(start === 0 ? 200 : 206, headers)
      response.write(whole.subarray(start, start + 100_000), () => (start < 200_000 ? response.destroy() : response.end()))
    })
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    expect(hash(await content(url, host))).toBe(hash(whole))
    expect(requests).toBe(3)
  })

  it.each<readonly [string, RequestListener, string]>([
    ['breaks off', (_, r) => void r.writeHead(200, { 'content-length': 100 }).write('x', () => r.destroy()), 'aborted'],
    ['is too large', (_, r) => void r.writeHead(200, { 'content-length': 2e6 }).end(Buffer.alloc(2e6)), 'more than 1000000 bytes'],
    ['is too large and does not say so', (_, r) => void r.end(Buffer.alloc(2e6)), 'more than 1000000 bytes'],
    ['is not there', (_, r) => void r.writeHead(404).end(), 'the server answered 404'],
    ['wants a login', (_, r) => void r.writeHead(401).end(), 'the server answered 401'],
  ])('fails when the file %s', async (_, handler, message) => {
    const { url, host } = await serve(handler)
    await expect(content(url, host)).rejects.toThrow(message)
  })

  it('gives up on a server that says nothing, and when it is told to', async () => {
    const { url, host } = await serve(() => {})
    await expect(fetchFile(url, { ...options(host), idleMs: 100 })).rejects.toThrow('nothing came for 0.1 s')
    const abort = new AbortController()
    const fetching = fetchFile(url, { ...options(host), signal: abort.signal })
    abort.abort(new Error('cancelled'))
    await expect(fetching).rejects.toThrow('cancelled')
  })

  const pace = { windowMs: 200, windowBytes: 1024, totalMs: 60_000 }
  const dripping = async (handler: RequestListener, limits: PaceLimits) => {
    const { url, host } = await serve(handler)
    return buffer((await fetchFile(url, { ...options(host), pace: limits })).content)
  }
  /** A byte now and then, for ever. */
  const drip: RequestListener = (_, response) => {
    const drops = setInterval(() => response.write('x'), 10)
    response.on('close', () => clearInterval(drops))
  }

  it('requirement 34: gives up on a server that sends a byte now and then', async () => {
    await expect(dripping(drip, pace)).rejects.toThrow('fewer than 1024 bytes came in 0.2 s')
    await expect(dripping(drip, { ...pace, windowBytes: 1, totalMs: 500 })).rejects.toThrow('the file did not come within 0.5 s')
  })

  it('requirement 34: gives up on a server that breaks off after each byte', async () => {
    const breakOff: RequestListener = (request, response) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
      response.writeHead(start === 0 ? 200 : 206, { 'content-length': 1e6 - start, etag: '"1"', 'accept-ranges': 'bytes' })
      response.write('x', () => setTimeout(() => response.destroy(), 10))
    }
    await expect(dripping(breakOff, pace)).rejects.toThrow('fewer than 1024 bytes came in 0.2 s')
  })

  it('requirement 34: gives up on a server whose headers never end', async () => {
    const endless: RequestListener = (request) => {
      const { socket } = request
      socket.write('HTTP/1.1 200 OK\r\nx-endless: ')
      const drops = setInterval(() => socket.write('x'), 10)
      socket.on('close', () => clearInterval(drops))
      socket.on('error', () => {})
    }
    await expect(dripping(endless, pace)).rejects.toThrow('no answer came within 0.2 s')
  })

  it('does not take a slow reader for a slow server', async () => {
    const { url, host } = await serve((_, response) => void response.end(Buffer.alloc(900_000)))
    const { content } = await fetchFile(url, { ...options(host), pace: { ...pace, windowBytes: 800_000 } })
    let bytes = 0
    for await (const chunk of content) {
      bytes += chunk.byteLength
      await sleep(50)
    }
    expect(bytes).toBe(900_000)
  })
})
