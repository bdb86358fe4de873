// The requirements of reliability that depend on the queue, with the queue in PostgreSQL: then one server is both what decides and what wakes.

import { afterAll, afterEach, beforeAll, describe, test, vi } from 'vitest'
import { dropReplies, killPostgres, loseMessages, partition, terminate } from './cases.ts'
import { Session } from './session.ts'

vi.setConfig({ testTimeout: 240_000 })

describe('the service, with its queue in PostgreSQL', () => {
  let session: Session
  beforeAll(async () => {
    session = await Session.open('postgres')
  })
  afterEach(() => session.heal())
  afterAll(() => session?.close())

  test('requirement 7: after the queue has lost its messages, every run finishes', () => loseMessages(session))

  test('requirement 9: PostgreSQL is killed again and again, and no row that was acknowledged is lost', () => killPostgres(session))

  test('requirement 10: statements that were executed and not answered leave nothing twice', () => dropReplies(session))

  test('requirement 11: a connection that is half open is given up', () => partition(session))

  test('requirement 18: SIGTERM of every worker under load loses no step and counts no crash', () => terminate(session))
})
