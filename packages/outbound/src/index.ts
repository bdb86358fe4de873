// Requests to addresses that users name: only to public hosts, whatever a name, a redirect or a resolver says.

export { type AddressProblem, checkUrl, type HostPolicy } from './address-policy.ts'
export { type FetchedFile, type FetchOptions, fetchFile } from './fetch-file.ts'
