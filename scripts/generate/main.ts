// Writes the generated documents, or with --check says which generated files, the Prisma client among them, are stale and exits with 1.
//
// usage: node --import tsx scripts/generate/main.ts [--check] [NAME …]

import { readFile, writeFile } from 'node:fs/promises'
import { renderDependencies } from './dependencies.ts'
import { renderErrors } from './errors.ts'
import { renderLayers, renderSpecificationErrors } from './layers.ts'
import { renderOpenapi } from './openapi.ts'
import { renderOps } from './ops.ts'
import { stalePrismaClient } from './prisma-client.ts'

/** Name → file and how to make its content. */
const DOCUMENTS: Record<string, { readonly path: string; render(): string | Promise<string> }> = {
  errors: { path: 'docs/generated/errors.md', render: renderErrors },
  openapi: { path: 'docs/generated/openapi.json', render: renderOpenapi },
  layers: { path: 'docs/generated/layers.md', render: renderLayers },
  'specification-errors': { path: 'docs/generated/specification-errors.md', render: renderSpecificationErrors },
  ops: { path: 'docs/generated/ops.md', render: renderOps },
  dependencies: { path: 'docs/generated/dependencies.md', render: renderDependencies },
}

const isCheck = process.argv.includes('--check')
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const unknown = named.filter((name) => !(name in DOCUMENTS))
if (unknown.length > 0) throw new Error(`unknown document ${unknown.join(', ')}; expected ${Object.keys(DOCUMENTS).join(', ')}`)

const stale: string[] = []
for (const [name, { path, render }] of Object.entries(DOCUMENTS)) {
  if (named.length > 0 && !named.includes(name)) continue
  const content = await render()
  const current = await readFile(path, 'utf8').catch(() => '')
  if (content === current) continue
  if (isCheck) stale.push(path)
  else {
    await writeFile(path, content)
    console.log(`wrote ${path}`)
  }
}
if (isCheck && named.length === 0) stale.push(...(await stalePrismaClient()))
if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`)
  process.exitCode = 1
}
