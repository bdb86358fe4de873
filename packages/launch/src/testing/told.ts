import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { version } from 'esbuild'

export const told = (): Record<string, unknown> => ({
  place: basename(fileURLToPath(import.meta.url)),
  text: 'import.meta.url',
  library: version,
  temporary: readdirSync(tmpdir()),
  stack: new Error('where').stack?.split('\n')[1]?.trim(),
})
