// Files inside a zip or tar, by number: names are looked at, compared and shown, and never become paths.

import type { Problems } from '../../problems.ts'

export interface ArchiveEntry {
  /** Folders and name, separated by "/", without leading "/" or "./". */
  readonly path: string
  /** Bytes after unpacking, as declared; what is read is counted against it. */
  readonly size: number
}

export interface Archive {
  /** Regular files only, in the order of the archive. */
  readonly entries: readonly ArchiveEntry[]
  open(signal: AbortSignal | undefined): Promise<ArchiveReader>
}

export interface ArchiveReader {
  /**
   * A whole file.
   * @throws TrainyardError `invalid_data` when it is damaged, or unpacks to another size than declared
   */
  read(entry: ArchiveEntry): Promise<Uint8Array>
  /** A file piece by piece, for those that do not fit into memory. */
  stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

/** Longest path, as in Linux. */
const PATH_MAX = 4096
/** What operating systems and tools leave behind: no data. */
const LITTER = /(^|\/)(__MACOSX\/|\.DS_Store$|Thumbs\.db$|desktop\.ini$|\._[^/]*$)/

export function isLitter(path: string): boolean {
  return LITTER.test(path)
}

/** Collects entries and what is wrong with their names. */
export class EntryNames {
  readonly #seen = new Set<string>()
  constructor(readonly problems: Problems) {}

  /** The path of an entry in normal form, or null when it is refused. */
  accept(name: string, row: number): string | null {
    const path = name.replaceAll('\\', '/').replace(/^(\.\/)+/, '')
    const refuse = (code: string, what: string, hint: string) => {
      this.problems.add({ code, what, row, example: name, hint })
      return null
    }
    if (path.startsWith('/') || /^[A-Za-z]:/.test(path) || path.split('/').includes('..') || path.includes('\0')) {
      return refuse('unsafe_path', 'names that lead out of the archive', 'Pack the folder itself, with relative names.')
    }
    if (path === '' || path.length > PATH_MAX) {
      return refuse('bad_path', `names that are empty or longer than ${PATH_MAX}`, 'Give the files shorter names.')
    }
    if (this.#seen.has(path)) return refuse('duplicate_entry', 'names that occur twice', 'Pack every file once.')
    this.#seen.add(path)
    return path
  }

  link(name: string, row: number): void {
    this.problems.add({
      code: 'link_in_archive',
      what: 'links and devices; expected files and folders',
      row,
      example: name,
      hint: 'Pack the files that the links point to (tar --dereference).',
    })
  }
}
