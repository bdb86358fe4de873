// Configuration of the Prisma command line (generate, migrate dev, drift check). The running service does not use it.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// The stand-in answers from the WebAssembly engine, so that nothing is downloaded.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= fileURLToPath(new URL('./scripts/schema-engine.mjs', import.meta.url))
process.env.CHECKPOINT_DISABLE ??= '1'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://unset@localhost/unset' },
})
