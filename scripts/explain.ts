// npm run explain SPEC: layers, shapes, parameters, operations and bytes of a specification in a JSON file, or every mistake in it.

import { readFileSync } from 'node:fs'
import { explainModel, formatExplanation, validateModelSpec } from '@trainyard/engine/spec'

const [file] = process.argv.slice(2)
if (file === undefined) {
  console.error('Usage: npm run explain SPEC.json')
  process.exit(2)
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    console.error(`${path} is not a readable JSON file: ${error instanceof Error ? error.message : error}`)
    process.exit(2)
  }
}

const result = validateModelSpec(readJson(file))
if (result.ok) {
  console.log(formatExplanation(explainModel(result.spec)))
} else {
  for (const { path, message, hint } of result.issues) console.error(`${path === '' ? '' : `${path}: `}${message} ${hint}`)
  process.exit(1)
}
