// Class labels to class indices. Labels are texts; a set of numbers is ordered as numbers.

/** Labels in the order of their indices: numbers by value, texts by code point. */
export function orderedClasses(labels: Iterable<string>): string[] {
  const list = [...labels]
  const numeric = list.every((label) => label !== '' && Number.isFinite(Number(label)))
  return numeric ? list.sort((a, b) => Number(a) - Number(b)) : list.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Label → index, for `classes` as ordered above. */
export function classIndex(classes: readonly string[]): ReadonlyMap<string, number> {
  return new Map(classes.map((label, index) => [label, index]))
}

export function countClasses(classes: Iterable<number>, classCount: number): number[] {
  const counts = new Array<number>(classCount).fill(0)
  for (const c of classes) counts[c] = (counts[c] ?? 0) + 1
  return counts
}
