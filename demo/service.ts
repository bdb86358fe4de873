// The service to talk to: the one that runs in this folder, else one that is started for the demo and stopped after it.

import { readFile } from 'node:fs/promises'
import { loadLocalConfig } from '@trainyard/config'
import { findService, startService } from '@trainyard/local'

export interface DemoService {
  readonly url: string
  readonly key: string
  readonly apiKeyPath: string
  /** Whether it goes on after the demo. */
  readonly isKept: boolean
  /** Does nothing to a service that ran before. */
  stop(): Promise<void>
}

export async function findOrStart(): Promise<DemoService> {
  const config = loadLocalConfig()
  const running = await findService(config.dataDir)
  const { url, apiKeyPath, stop } =
    running === null ? await startService(config, (message) => console.log(`  ${message}`)) : { ...running, stop: async () => {} }
  return { url, apiKeyPath, isKept: running !== null, key: (await readFile(apiKeyPath, 'utf8')).trim(), stop }
}
