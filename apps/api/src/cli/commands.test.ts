import { apiKeys, createDatabase, type Database } from '@trainyard/database'
import { startTestServices, type TestServices } from '@trainyard/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'

describe('the command line', () => {
  let services: TestServices
  let database: Database
  beforeAll(async () => {
    services = await startTestServices({ redis: false })
    database = createDatabase({ url: services.databaseUrl, poolSize: 2 })
  })
  afterAll(async () => {
    await database?.close()
    await services?.stop()
  })

  const run = (name: string, positionals: string[] = [], options: Record<string, string> = {}) =>
    database.asWorker(async (tx) => COMMANDS[name]?.run(tx, positionals, options) ?? [])
  const authenticate = async (key: string) => (await apiKeys.authenticate(database.apiSql, key)).outcome

  it('makes a project and a key, lists and revokes it', async () => {
    const [line = ''] = await run('projects create', ['demo'])
    const [project = ''] = line.split('  ')
    expect(await run('projects list')).toEqual([line])
    const [key = '', description = ''] = await run('keys create', [], { project, name: 'laptop', scopes: 'read' })
    expect(await authenticate(key)).toBe('authenticated')
    const [listed = ''] = await run('keys list', [], { project })
    expect(listed).toContain('laptop  [read]  active')
    expect(listed).not.toContain(key)
    await run('keys revoke', [description.split('  ')[0] ?? ''])
    expect(await authenticate(key)).toBe('revoked')
    expect((await run('keys list', [], { project }))[0]).toContain('revoked')
  })

  it('bounds what a project may have of the workers', async () => {
    const [line = ''] = await run('projects create', ['bounded'])
    const [project = ''] = line.split('  ')
    expect(await run('projects set', [project], { 'concurrency-limit': '4', share: '2.5' })).toEqual([
      `${line}  runs at once: 4  share: 2.5  bytes stored: no limit`,
    ])
    expect(await run('projects set', [project], { 'concurrency-limit': 'none', 'storage-limit': '1000000' })).toEqual([
      `${line}  runs at once: no limit  share: 2.5  bytes stored: 1000000`,
    ])
  })

  it.each([
    ['projects set', ['prj_00000000000000000000000000'], { share: '1' }, 'there is no project'],
    ['projects set', [], {}, 'expected --concurrency-limit'],
    ['projects set', [], { 'concurrency-limit': '0' }, 'expected a whole number'],
    ['projects set', [], { share: '-1' }, 'expected a number'],
    ['projects create', [], {}, 'expected a name'],
    ['keys create', [], {}, 'expected prj_'],
    ['keys create', [], { project: 'prj_00000000000000000000000000' }, 'there is no project'],
    ['keys revoke', ['key_1'], {}, 'expected key_'],
  ] as const)('refuses %s %j %j', async (name, positionals, options, message) => {
    await expect(run(name, [...positionals], options)).rejects.toThrow(message)
  })
})
