// Modules that are found and compiled one by one cost a process several times what its own start does (docs/adr/0022-processes-start-from-one-file.md).
// Plain JavaScript, since it runs before TypeScript can.

import { build, stop } from 'esbuild'

/** For the CommonJS among what is bundled. */
const REQUIRE = "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)"

export async function bundle(entries, directory, plugins, first = []) {
  await build({
    entryPoints: entries,
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    sourcemap: 'linked',
    sourcesContent: false,
    plugins,
    inject: first,
    banner: { js: REQUIRE },
    logLevel: 'silent',
  })
  // esbuild is a process of its own, which has nothing more to do.
  await stop()
}
