// A lecture page as data: its code blocks with what their info strings say. Prose is left alone.

import { readFileSync } from 'node:fs'

/** Blocks of one page by name; the name is the last word of the info string, `main` where it has none. */
export interface Page {
  readonly title: string
  /** ```csv data [name]: a file to upload. */
  readonly tables: ReadonlyMap<string, string>
  /** ```json digits [name]: how many of the first MNIST rows to upload: {"train": …, "test": …}. */
  readonly digits: ReadonlyMap<string, unknown>
  /** ```json upload [name]: options of the upload, where they are not the usual ones of a table with the values y. */
  readonly uploads: ReadonlyMap<string, unknown>
  /** ```json job [name]: the body of POST /v1/jobs, with `"dataset": "<name of the data>"`. */
  readonly jobs: ReadonlyMap<string, Readonly<Record<string, unknown>>>
  /** ```json expect: a list, see expectations.ts. */
  readonly expectations: readonly unknown[]
}

/** @throws Error naming the page and the block where one is not readable or stands twice */
export function readPage(path: string): Page {
  const text = readFileSync(path, 'utf8')
  const tables = new Map<string, string>()
  const digits = new Map<string, unknown>()
  const uploads = new Map<string, unknown>()
  const jobs = new Map<string, Readonly<Record<string, unknown>>>()
  const expectations: unknown[] = []
  for (const [, info = '', content = ''] of text.matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)) {
    const [language, kind, name = 'main'] = info.trim().split(/\s+/)
    const where = `${path}: block "${info}"`
    const json = (): unknown => {
      try {
        return JSON.parse(content)
      } catch (cause) {
        throw new Error(`${where} is no JSON`, { cause })
      }
    }
    const add = <V>(map: Map<string, V>, value: V) => {
      if (map.has(name)) throw new Error(`${where} stands twice`)
      map.set(name, value)
    }
    if (language === 'csv' && kind === 'data') add(tables, content)
    else if (language === 'json' && kind === 'digits') add(digits, json())
    else if (language === 'json' && kind === 'upload') add(uploads, json())
    else if (language === 'json' && kind === 'job') add(jobs, json() as Readonly<Record<string, unknown>>)
    else if (language === 'json' && kind === 'expect') expectations.push(...(json() as unknown[]))
    else if (language === 'json') throw new Error(`${where}: expected "json" with job, digits, upload or expect`)
  }
  return { title: /^# (.+)$/m.exec(text)?.[1] ?? '', tables, digits, uploads, jobs, expectations }
}
