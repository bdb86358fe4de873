// Which code of a process becomes one file: ours. Libraries stay where they are, since some read files that lie beside them.

import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'

const OURS = /^(\.{0,2}\/|@trainyard\/)/
const LOCATION = 'import.meta.url'

/** @type {import('esbuild').Plugin} */
export const OWN_CODE = {
  name: 'own code',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /./ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === OWN_CODE || from.kind === 'entry-point' || OURS.test(path)) return null
      const library = await resolve(path, { ...from, pluginData: OWN_CODE })
      const isFile = library.errors.length === 0 && !library.external
      // By its place, for the one file lies elsewhere.
      return isFile ? { path: pathToFileURL(library.path).href, external: true } : library
    })
    // Code that looks for a file beside its source finds it.
    onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      if (!source.includes(LOCATION)) return null
      const define = { [LOCATION]: JSON.stringify(pathToFileURL(path).href) }
      const { code } = await transform(source, { loader: 'ts', define, sourcefile: path, sourcemap: 'inline' })
      return { contents: code, loader: 'js' }
    })
  },
}
