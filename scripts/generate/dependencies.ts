// The picture of what imports what between apps and packages, from the imports themselves.

import { cruise } from 'dependency-cruiser'

/** `packages/engine/src/…` → `engine`. */
function unitOf(path: string): string | null {
  return /^(?:apps|packages)\/([^/]+)\//.exec(path)?.[1] ?? null
}

export async function renderDependencies(): Promise<string> {
  const { output } = await cruise(['apps', 'packages'], {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$|/generated/|/testing/|/test-[^/]+\\.ts$' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import'], extensions: ['.ts', '.js'] },
  })
  if (typeof output === 'string') throw new Error('dependency-cruiser gave text where its data was asked for')
  const edges = new Set<string>()
  for (const module of output.modules) {
    const from = unitOf(module.source)
    for (const dependency of module.dependencies) {
      const to = unitOf(dependency.resolved)
      if (from !== null && to !== null && from !== to) edges.add(`  ${from} --> ${to}`)
    }
  }
  const picture = ['```mermaid', 'flowchart TD', ...[...edges].sort(), '```']
  return [
    '# Dependencies between apps and packages',
    '',
    'Generated from the imports of the code (tests left out).',
    '',
    ...picture,
    '',
  ].join('\n')
}
