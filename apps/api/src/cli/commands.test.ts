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

  it.each([
    ['projects create', [], {}, 'expected a name'],
    ['keys create', [], {}, 'expected prj_'],
    ['keys create', [], { project: 'prj_00000000000000000000000000' }, 'there is no project'],
    ['keys revoke', ['key_1'], {}, 'expected key_'],
  ] as const)('refuses %s %j %j', async (name, positionals, options, message) => {
    await expect(run(name, [...positionals], options)).rejects.toThrow(message)
  })
})
