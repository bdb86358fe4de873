// Which addresses may be connected to: those of the public internet. Decided on the address that a connection is made to, not on a name.

import type { LookupAddress, LookupAllOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

export interface HostPolicy {
  /** `host:port` of hosts that may be reached although they are not public: a mirror in the operator's own network. */
  readonly allowedHosts: readonly string[]
}

export interface AddressProblem {
  readonly message: string
  readonly hint: string
}

const HINT = 'Use an http or https URL of a public host, or upload the file.'
const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }
const PUBLIC_ONLY: HostPolicy = { allowedHosts: [] }

/**
 * What is wrong with a URL before anything is resolved; null where nothing is. The parser has turned decimal, octal and hexadecimal
 * addresses into dotted ones (WHATWG URL, 3.5).
 * @example checkUrl('http://0x7f.1/') // { message: '127.0.0.1 is a loopback address, not a public one', … }
 */
export function checkUrl(text: string, policy: HostPolicy = PUBLIC_ONLY): AddressProblem | null {
  if (!URL.canParse(text)) return { message: `${JSON.stringify(text.slice(0, 100))} is not a URL`, hint: HINT }
  const url = new URL(text)
  if (!(url.protocol in PORTS)) return { message: `${url.protocol}// is not fetched`, hint: HINT }
  if (url.username !== '' || url.password !== '') return { message: 'the URL contains credentials', hint: 'Use a URL that needs none.' }
  if (isAllowed(url, policy)) return null
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(host)) return null
  const range = privateRange(host)
  return range === null ? null : { message: `${host} is a ${range} address, not a public one`, hint: HINT }
}

export function isAllowed(url: URL, { allowedHosts }: HostPolicy): boolean {
  return allowedHosts.includes(`${url.hostname}:${url.port === '' ? PORTS[url.protocol] : url.port}`)
}

/** What kind of address it is if not a public one. IPv4 in IPv6 is looked at as IPv4. */
function privateRange(address: string): string | null {
  const range = ipaddr.process(address).range()
  return range === 'unicast' ? null : range
}

/** Addresses of a name: `lookup` of node:dns, or an answer of a test. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * For a connection, which goes to one of just these addresses: a name is never looked up a second time. Fails unless every address is public.
 * @param isAllowed whatever address it has
 */
export function lookupWith(resolve: Resolve, isAllowed: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const hidden = isAllowed ? undefined : addresses.find(({ address }) => privateRange(address) !== null)
      if (hidden !== undefined) {
        const text = `${hostname} has the address ${hidden.address}, which is ${privateRange(hidden.address)} and not public`
        return callback(Object.assign(new Error(text), { code: 'EPRIVATE' }), [])
      }
      const [first] = addresses
      if (options.all === true || first === undefined) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}
