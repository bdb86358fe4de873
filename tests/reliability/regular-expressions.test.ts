// Requirement 35: regular expressions are linear. Each of apps and packages is run on long texts of what it looks for; one whose time grows with
// the square of their length needs minutes, and is interrupted. `npx recheck` proves more, where this only tries.

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runInNewContext } from 'node:vm'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LENGTH = 200_000
/** For all texts of one expression; a linear one needs some milliseconds for each. */
const INTERRUPT_MS = 20_000
/** Meets only the address of the storage that the operator sets. */
const EXCEPTIONS: ReadonlySet<string> = new Set(['packages/storage/src/open-storage.ts'])

function literals(path: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, readFileSync(`${ROOT}/${path}`, 'utf8'), ts.ScriptTarget.Latest))
  return found
}

const FILES = ['apps', 'packages'].flatMap((folder) =>
  readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\/src\/.*(?<!\.test)\.ts$/.test(file) && !file.includes('node_modules'))
    .map((file) => `${folder}/${file}`),
)

/** Texts that begin like a match, go on with one piece again and again, and end as no match does. */
function texts(literal: string): string[] {
  const source = literal.slice(1, literal.lastIndexOf('/')).replace(/\\[wdsb]/g, ' ')
  const words = source.split(/[\\^$()|?*+[\]{}]+|\s+/).filter((word) => word !== '')
  const pieces = new Set([...words, ...words.map((word) => `${word} `), ...' 0a/.,:-+_="\n'])
  return [...pieces].flatMap((piece) => ['', words[0] ?? ''].map((begin) => `${begin}${piece.repeat(LENGTH / piece.length)}\0`))
}

function run(literal: string, timeout = INTERRUPT_MS): void {
  const end = literal.lastIndexOf('/')
  const expression = new RegExp(literal.slice(1, end), literal.slice(end + 1).replace('g', ''))
  runInNewContext('for (const text of texts) expression.test(text)', { expression, texts: texts(literal) }, { timeout })
}

describe('requirement 35: regular expressions', () => {
  const table = FILES.filter((file) => !EXCEPTIONS.has(file)).flatMap((file) => literals(file).map((literal) => [file, literal] as const))

  it('are found', () => expect(table.length).toBeGreaterThan(50))

  it.each(table)('of %s are linear: %s', (_, literal) => run(literal))

  it('that are quadratic or worse are noticed', () => {
    for (const literal of ['/\\/+$/', '/^(a+)+$/']) expect(() => run(literal, 1000)).toThrow('timed out')
  })
})
