// The service to talk to: the one that runs in this folder, else one that is started for the demo and stopped after it. The demo works in a
// project of its own.

import { loadLocalConfig } from '@trainyard/config'
import { findService, runOperatorCommand, startService } from '@trainyard/local'

export interface DemoService {
  readonly url: string
  /** How to see the same data after the demo. */
  readonly projectId: string
  readonly key: string
  /** Whether it goes on after the demo. */
  readonly isKept: boolean
  /** Does nothing to a service that ran before. */
  stop(): Promise<void>
}

export async function findOrStart(): Promise<DemoService> {
  const config = loadLocalConfig()
  const running = await findService(config.dataDir)
  const { url, stop } =
    running === null ? await startService(config, (message) => console.log(`  ${message}`)) : { ...running, stop: async () => {} }
  try {
    return { url, isKept: running !== null, stop, ...(await createProjectAndKey()) }
  } catch (error) {
    await stop()
    throw error
  }
}

async function createProjectAndKey(): Promise<{ projectId: string; key: string }> {
  const [projectId = ''] = (await runOperatorCommand(['projects', 'create', 'demo'])).split(/\s/)
  const [key = ''] = (await runOperatorCommand(['keys', 'create', '--project', projectId, '--name', 'demo'])).split(/\s/)
  return { projectId, key }
}
