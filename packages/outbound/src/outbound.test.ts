// Requirement 33: import URLs reach public hosts only, whatever they look like; and a file comes whole or not at all.

import { createHash } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { lookupPublic } from './address-policy.ts'
import { checkUrl, fetchFile } from './index.ts'

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
    const error = await new Promise((resolve) => lookupPublic('localhost', { all: true }, resolve))
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
})
