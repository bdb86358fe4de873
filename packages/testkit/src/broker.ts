// One PostgreSQL server for a whole test run, started when the first test file asks. It runs under the process of vitest, while test files
// run in forks that end after each file: they reach it over loopback.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestServer } from './test-server.ts'

export interface Broker {
  readonly url: string
  stop(): Promise<void>
}

/** Answers GET / with the URL of the server's administration. */
export async function startBroker(): Promise<Broker> {
  let starting: Promise<TestServer> | undefined
  const http = createServer((_, response) => {
    // Loaded when needed: most test runs need no database.
    starting ??= import('./test-server.ts').then(({ startTestServer }) => startTestServer())
    starting.then(
      ({ adminUrl }) => response.end(adminUrl),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? `${error.message}: ${String(error.cause)}` : String(error)),
    )
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error('the broker of test services got no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      http.close()
      http.closeAllConnections()
      const server = await starting?.catch(() => undefined)
      await server?.stop()
    },
  }
}
