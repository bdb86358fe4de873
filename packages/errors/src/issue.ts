// One mistake in something a user sent. A list of them says everything that is wrong at once.

export interface Issue {
  /** Where, as a path into what was sent: `model.layers[3].kernel`, `row 17, column "age"`. Empty for the whole. */
  readonly path: string
  /** Stable, for programs: `window_too_large`. */
  readonly code: string
  /** What happened, with values, and what was expected. */
  readonly message: string
  /** How to fix it. */
  readonly hint: string
  /** Of a mistake in data: the rows that have it. */
  readonly data?: IssueRows | undefined
}

export interface IssueRows {
  readonly file: string
  readonly column: string | null
  /** Rows with the mistake; 1 for one of a whole column or file. */
  readonly count: number
  /** The first ones. Rows count from 1, as a spreadsheet does; null where there is no row. */
  readonly examples: readonly { readonly row: number | null; readonly value: string | null }[]
}
