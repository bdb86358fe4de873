// Whether the committed Prisma client is what prisma/schema.prisma gives, by generating it once more beside it.

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SCHEMA = 'prisma/schema.prisma'
export const PRISMA_CLIENT = 'packages/database/src/generated'

/** Paths of files that differ, are missing or are left over, below PRISMA_CLIENT. */
export async function stalePrismaClient(): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'trainyard-prisma-'))
  try {
    const fresh = join(directory, 'generated')
    const schema = await readFile(SCHEMA, 'utf8')
    const moved = schema.replace(/(output\s*=\s*)"[^"]*"/, `$1${JSON.stringify(fresh)}`)
    await writeFile(join(directory, 'schema.prisma'), moved)
    await promisify(execFile)('node_modules/.bin/prisma', ['generate', '--schema', join(directory, 'schema.prisma')])
    const names = new Set([...(await filesBelow(fresh)), ...(await filesBelow(PRISMA_CLIENT))])
    const checks = [...names].map(async (name) => {
      const [made, committed] = await Promise.all(
        [fresh, PRISMA_CLIENT].map((root) => readFile(join(root, name), 'utf8').catch(() => null)),
      )
      // The client quotes the schema it came from, output path included.
      return made?.replaceAll(JSON.stringify(JSON.stringify(fresh)).slice(1, -1), '') === committed?.replaceAll(OUTPUT, '')
        ? null
        : join(PRISMA_CLIENT, name)
    })
    return (await Promise.all(checks)).filter((name) => name !== null)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The output path as the committed client quotes it. */
const OUTPUT = '\\"../packages/database/src/generated\\"'

async function filesBelow(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}
