// What vitest runs before the first test file and after the last.

import { startBroker } from './broker.ts'
import { BROKER_VARIABLE } from './test-services.ts'

export default async function setup(): Promise<() => Promise<void>> {
  const broker = await startBroker()
  process.env[BROKER_VARIABLE] = broker.url
  return () => broker.stop()
}
