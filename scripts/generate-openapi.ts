// Writes docs/generated/openapi.json from the routes, or with --check says that it is stale and exits with 1.
//
// usage: node --import tsx scripts/generate-openapi.ts [--check]

import { readFile, writeFile } from 'node:fs/promises'
import { renderOpenapi } from '../apps/api/src/openapi/document.ts'
import { API_VERSION } from '../apps/api/src/openapi/version.ts'
import { ROUTES } from '../apps/api/src/routes.ts'

const PATH = 'docs/generated/openapi.json'

const content = `${JSON.stringify(renderOpenapi(ROUTES, API_VERSION), null, 2)}\n`
const current = await readFile(PATH, 'utf8').catch(() => '')
if (content !== current && process.argv.includes('--check')) {
  console.error(`stale: ${PATH}. Run \`npm run generate:openapi\` and commit the result.`)
  process.exitCode = 1
} else if (content !== current) {
  await writeFile(PATH, content)
  console.log(`wrote ${PATH}`)
}
