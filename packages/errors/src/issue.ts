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
}
