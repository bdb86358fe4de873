// Which spellings mean "no value".

/** In lower case; case does not matter. Those of R, pandas, SQL, Weka and spreadsheets. */
export const MISSING_VALUES: readonly string[] = ['', 'na', 'n/a', 'nan', 'null', 'none', '?']

const UPPER_A = 65
const UPPER_Z = 90
const LOWER_CASE = 32

export class MissingValues {
  readonly #byLength: (Uint8Array[] | undefined)[] = []
  readonly #texts: ReadonlySet<string>

  /** @param spellings whose case does not matter; the empty cell is always missing */
  constructor(spellings: readonly string[] = MISSING_VALUES) {
    this.#texts = new Set(['', ...spellings.map((text) => text.toLowerCase())])
    for (const text of this.#texts) {
      const bytes = Buffer.from(text)
      this.#byLength[bytes.length] ??= []
      this.#byLength[bytes.length]?.push(bytes)
    }
  }

  has(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (length === 0) return true
    const candidates = this.#byLength[length]
    if (candidates === undefined) return false
    for (const candidate of candidates) {
      let i = 0
      while (i < length && lower(bytes[start + i] as number) === candidate[i]) i++
      if (i === length) return true
    }
    return false
  }

  hasText(cell: string): boolean {
    return this.#texts.has(cell.toLowerCase())
  }
}

function lower(byte: number): number {
  return byte >= UPPER_A && byte <= UPPER_Z ? byte | LOWER_CASE : byte
}
