// A file from a URL, as a stream with flat memory. Every hop is checked anew; a connection that breaks off is taken up where it stopped.

import { lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { TrainyardError } from '@trainyard/errors'
import { checkUrl, type HostPolicy, isAllowed, lookupWith, type Resolve } from './address-policy.ts'
import { PACE, Pace, type PaceLimits } from './pace.ts'

export interface FetchOptions extends HostPolicy {
  /** More than that is refused, announced or not. */
  readonly bytesMax: number
  readonly signal?: AbortSignal
  /** Milliseconds without a byte. Default 30,000. */
  readonly idleMs?: number
  readonly pace?: PaceLimits
  /** Default: what the system says. */
  readonly resolve?: Resolve
}

export interface FetchedFile {
  /** As the server announces; null where it does not. */
  readonly bytes: number | null
  readonly content: AsyncIterable<Uint8Array>
}

const REDIRECTS_MAX = 5
/** Connections that may break off in a row without a byte in between. */
const FAILURES_MAX = 3
const IDLE_MS = 30_000
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * @throws TrainyardError import_failed: refused address, no connection, another status than 200, too large
 * @example const { content } = await fetchFile('https://example.org/iris.csv', { allowedHosts: [], bytesMax: 1e9 })
 */
export async function fetchFile(url: string, options: FetchOptions): Promise<FetchedFile> {
  const response = await open(new URL(url), options, {})
  const announced = response.headers['content-length']
  const bytes = announced === undefined ? null : Number(announced)
  if (bytes !== null && bytes > options.bytesMax) {
    response.destroy()
    throw tooLarge(url, options)
  }
  return { bytes, content: read(url, response, options) }
}

async function* read(url: string, first: IncomingMessage, options: FetchOptions): AsyncGenerator<Uint8Array> {
  const { 'content-length': length, etag, 'accept-ranges': ranges } = first.headers
  const validator = etag !== undefined && !etag.startsWith('W/') && ranges === 'bytes' ? etag : null
  let bytes = 0
  let failures = 0
  const pace = new Pace(options.pace ?? PACE)
  let waitingSince = performance.now()
  const arrived = (length: number) => {
    const problem = pace.problemAfter(performance.now() - waitingSince, length)
    if (problem !== null) throw failed(url, problem)
  }
  for (let response = first; ; ) {
    try {
      for await (const chunk of response as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength
        failures = 0
        if (bytes > options.bytesMax) throw tooLarge(url, options)
        arrived(chunk.byteLength)
        yield chunk
        waitingSince = performance.now()
      }
      if (length === undefined || bytes === Number(length)) return
      throw new Error(`the connection was closed after ${bytes} of ${length} bytes`)
    } catch (cause) {
      response.destroy()
      options.signal?.throwIfAborted()
      if (cause instanceof TrainyardError) throw cause
      failures++
      if (validator === null || failures > FAILURES_MAX) throw failed(url, messageOf(cause), cause)
      response = await open(new URL(url), options, { range: `bytes=${bytes}-`, 'if-range': validator })
    }
  }
}

/** A response with a body to read, after redirects. */
async function open(start: URL, options: FetchOptions, headers: Record<string, string>): Promise<IncomingMessage> {
  const wanted = headers.range === undefined ? 200 : 206
  let url = start
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const problem = checkUrl(url.href, options)
    if (problem !== null) throw failed(url.href, problem.message)
    const response = await connect(url, options, headers).catch((cause: unknown) => {
      options.signal?.throwIfAborted()
      throw failed(url.href, messageOf(cause), cause)
    })
    const { statusCode = 0, headers: answer } = response
    if (statusCode === wanted) return response
    response.destroy()
    if (!REDIRECTS.has(statusCode) || answer.location === undefined)
      throw failed(url.href, `the server answered ${statusCode}, expected ${wanted}`)
    if (!URL.canParse(answer.location, url.href)) throw failed(url.href, 'the server redirects to something that is no URL')
    const next = new URL(answer.location, url.href)
    if (url.protocol === 'https:' && next.protocol === 'http:')
      throw failed(url.href, `the server redirects to ${next.origin}, which is not encrypted`)
    url = next
  }
  throw failed(start.href, `more than ${REDIRECTS_MAX} redirects`)
}

function connect(url: URL, options: FetchOptions, headers: Record<string, string>): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const idleMs = options.idleMs ?? IDLE_MS
  const { windowMs } = options.pace ?? PACE
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => sent.destroy(new Error(`no answer came within ${windowMs / 1000} s`)), windowMs)
    const sent = request(
      url,
      {
        // A connection of its own: one that is kept could be to an address that was looked up under another policy.
        agent: false,
        headers: { 'accept-encoding': 'identity', 'user-agent': 'trainyard', ...headers },
        timeout: idleMs,
        lookup: lookupWith(options.resolve ?? lookup, isAllowed(url, options)),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      resolve,
    )
    sent.once('response', () => clearTimeout(late))
    sent.once('close', () => clearTimeout(late))
    sent.on('timeout', () => sent.destroy(new Error(`nothing came for ${idleMs / 1000} s`)))
    sent.on('error', reject)
    sent.end()
  })
}

function tooLarge(url: string, { bytesMax }: FetchOptions): TrainyardError {
  return failed(url, `the file has more than ${bytesMax} bytes`)
}

function failed(url: string, reason: string, cause?: unknown): TrainyardError {
  const { origin, pathname } = URL.canParse(url) ? new URL(url) : { origin: url.slice(0, 100), pathname: '' }
  return new TrainyardError('import_failed', { detail: `${origin}${pathname}: ${reason}.`, cause })
}

/** Of an AggregateError (all addresses of a host refused) the first. */
function messageOf(error: unknown): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  return first instanceof Error ? first.message : String(first)
}
