// The commands: what each takes and what it prints. A key's secret is printed once, when it is made.

import { fromWireId, ID_PREFIXES, type IdKind, toWireId } from '@trainyard/contracts'
import { apiKeys, projects, type Tx } from '@trainyard/database'
import { SCOPES } from '../http/route.ts'

export class UsageError extends Error {}

interface Options {
  readonly project?: string | undefined
  readonly name?: string | undefined
  readonly scopes?: string | undefined
  readonly 'expires-in-days'?: string | undefined
  readonly 'concurrency-limit'?: string | undefined
  readonly share?: string | undefined
  readonly 'storage-limit'?: string | undefined
}

interface Command {
  readonly usage: string
  /** @returns lines to print */
  run(tx: Tx, positionals: readonly string[], options: Options): Promise<string[]>
}

const DAY_MS = 86_400_000

export const COMMANDS: Readonly<Record<string, Command>> = {
  'projects create': {
    usage: 'NAME',
    async run(tx, [name]) {
      if (name === undefined || name.length > 200) throw new UsageError('expected a name of 1 to 200 characters')
      const project = await projects.create(tx, { name })
      return [`${toWireId('project', project.id)}  ${project.name}`]
    },
  },
  'projects list': {
    usage: '',
    async run(tx) {
      const { data } = await projects.list(tx, { limit: 1000, order: 'asc' })
      return data.map(({ id, name }) => `${toWireId('project', id)}  ${name}`)
    },
  },
  'projects set': {
    usage: 'ID [--concurrency-limit N|none] [--share X] [--storage-limit BYTES|none]',
    async run(tx, [id], options) {
      const concurrencyLimit = limitOf('concurrency-limit', options, 1_000_000)
      const storageLimit = limitOf('storage-limit', options, Number.MAX_SAFE_INTEGER)
      const share = shareOf(options.share)
      if (concurrencyLimit === undefined && share === undefined && storageLimit === undefined) {
        throw new UsageError('expected --concurrency-limit, --share or --storage-limit')
      }
      const project = await projects.setLimits(tx, await requireProject(tx, id), { concurrencyLimit, share, storageLimit })
      return [
        [
          `${toWireId('project', project.id)}  ${project.name}`,
          `runs at once: ${project.concurrencyLimit ?? 'no limit'}`,
          `share: ${project.share}`,
          `bytes stored: ${project.storageLimit ?? 'no limit'}`,
        ].join('  '),
      ]
    },
  },
  'keys create': {
    usage: '--project ID [--name NAME] [--scopes read,write] [--expires-in-days N]',
    async run(tx, _, options) {
      const projectId = await requireProject(tx, options.project)
      const expiresAt = expiryOf(options['expires-in-days'])
      const { record, key } = await apiKeys.create(tx, {
        projectId,
        name: options.name ?? 'default',
        scopes: scopesOf(options.scopes),
        expiresAt,
      })
      return [key, `${toWireId('api_key', record.id)}  ${record.name}  [${record.scopes.join(', ')}]`, 'The key is shown once: keep it.']
    },
  },
  'keys list': {
    usage: '--project ID',
    async run(tx, _, options) {
      const projectId = await requireProject(tx, options.project)
      const { data } = await apiKeys.list(tx, projectId, { limit: 1000, order: 'asc' })
      return data.map(({ id, prefix, name, scopes, revokedAt, expiresAt }) => {
        const state = revokedAt !== null ? 'revoked' : expiresAt !== null && expiresAt < new Date() ? 'expired' : 'active'
        return `${toWireId('api_key', id)}  ${prefix}…  ${name}  [${scopes.join(', ')}]  ${state}`
      })
    },
  },
  'keys revoke': {
    usage: 'KEY_ID',
    async run(tx, [id]) {
      const record = await apiKeys.revoke(tx, uuidOf('api_key', id))
      if (record === null) throw new UsageError(`there is no key ${id}`)
      return [`${id} is revoked`]
    },
  },
}

async function requireProject(tx: Tx, id: string | undefined): Promise<string> {
  const project = await projects.find(tx, uuidOf('project', id))
  if (project === null) throw new UsageError(`there is no project ${id}`)
  return project.id
}

function uuidOf(kind: IdKind, id: string | undefined): string {
  const uuid = fromWireId(kind, id ?? '')
  if (uuid === null) throw new UsageError(`${id === undefined ? 'an id is missing' : `"${id}" is no id`}; expected ${ID_PREFIXES[kind]}_…`)
  return uuid
}

function scopesOf(text: string | undefined): readonly string[] {
  const scopes = text === undefined ? [...SCOPES] : text.split(',')
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope))
  if (unknown.length > 0) throw new UsageError(`unknown scope ${unknown.join(', ')}; expected ${SCOPES.join(', ')}`)
  return scopes
}

function limitOf(name: 'concurrency-limit' | 'storage-limit', options: Options, max: number): number | null | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  if (text === 'none') return null
  const limit = Number(text)
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= max)) {
    throw new UsageError(`--${name} is ${text}; expected a whole number from 1, or none`)
  }
  return limit
}

function shareOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const share = Number(text)
  if (!(share >= 0.001 && share <= 1000)) throw new UsageError(`--share is ${text}; expected a number from 0.001 to 1000`)
  return share
}

function expiryOf(days: string | undefined): Date | null {
  if (days === undefined) return null
  const count = Number(days)
  if (!(count > 0 && count <= 36_500)) throw new UsageError(`--expires-in-days is ${days}; expected a number of days`)
  return new Date(Date.now() + count * DAY_MS)
}
