// Numbers for people.

export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(2)} %`
}

/** @param rows the first one is the header */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map((row) => `  ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join('   ')}`.trimEnd())
  return [lines[0], `  ${widths.map((width) => '─'.repeat(width)).join('   ')}`, ...lines.slice(1)].join('\n')
}
