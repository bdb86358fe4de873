// The table of ops.

import { OP_NAMES, opOf } from '@trainyard/engine/ops'

export function renderOps(): string {
  const rows = OP_NAMES.map((name) => {
    const { summary, formula, derivative, samples } = opOf(name)
    const cells = [`\`${name}\``, summary, formula, derivative === null ? '' : 'yes', String(samples.length)]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  })
  return [
    '# Ops of the engine',
    '',
    'Generated from packages/engine/src/ops. Every op runs on both backends; those with a derivative are checked numerically in float64 on every sample.',
    '',
    '| op | what it does | formula | derivative | samples |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
