// Labels and splits from folders, as torchvision's ImageFolder and Keras read them: …/[train|test|val/]<class>/…/<file>; or of two levels:
// …/[train|test|val/]<coarse class>/<class>/…/<file>.

import type { ArchiveEntry } from '../archive/archive.ts'

export interface PlacedImage {
  readonly entry: ArchiveEntry
  readonly label: string
  /** '' where folders have one level. */
  readonly coarse: string
  /** '' where no folder tells. */
  readonly split: string
}

/** Folder → split. */
const SPLIT_FOLDERS: ReadonlyMap<string, string> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['test', 'test'],
  ['testing', 'test'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
])

export interface ClassFolders {
  /** In the order of file names, numbers within them by value, then of paths: the order does not depend on how the archive was packed. */
  readonly images: readonly PlacedImage[]
  /** Images that lie in no class folder. */
  readonly withoutClass: readonly ArchiveEntry[]
}

export function placeInClassFolders(entries: readonly ArchiveEntry[], levels: 1 | 2 = 1): ClassFolders {
  const withFolders = entries.map((entry) => ({ entry, folders: entry.path.split('/').slice(0, -1) }))
  const depth = commonDepth(
    withFolders.map(({ folders }) => folders),
    levels,
  )
  const images: PlacedImage[] = []
  const withoutClass: ArchiveEntry[] = []
  for (const { entry, folders } of withFolders) {
    const split = SPLIT_FOLDERS.get(folders[depth]?.toLowerCase() ?? '')
    const classes = folders.slice(split === undefined ? depth : depth + 1)
    const label = classes[levels - 1]
    if (label === undefined) withoutClass.push(entry)
    else images.push({ entry, label, coarse: levels === 2 ? (classes[0] ?? '') : '', split: split ?? '' })
  }
  return { images: sortedByName(images), withoutClass }
}

/** How many leading folders all images share, where class folders remain below them. */
function commonDepth(paths: readonly (readonly string[])[], levels: number): number {
  const [first = []] = paths
  let depth = 0
  while (depth < first.length - levels && !SPLIT_FOLDERS.has((first[depth] as string).toLowerCase())) {
    const folder = first[depth]
    if (paths.some((path) => path[depth] !== folder || path.length <= depth + levels)) break
    depth++
  }
  return depth
}

function sortedByName(images: readonly PlacedImage[]): PlacedImage[] {
  return images
    .map((image) => ({ image, key: sortKey(image.entry.path) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.image.entry.path < b.image.entry.path ? -1 : 1))
    .map(({ image }) => image)
}

/** Longest number that is ordered by value; longer ones are ordered as texts. */
const DIGITS = 20

/** File name with its numbers padded, so that 2.png comes before 10.png. */
function sortKey(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\d{1,20}/g, (digits) => digits.padStart(DIGITS, '0'))
}
