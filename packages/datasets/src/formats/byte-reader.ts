// A pull reader over a stream of bytes: peeks, fills buffers, counts, stops at a cap and when asked to.

export interface ByteReaderOptions {
  readonly signal?: AbortSignal | undefined
  /** Called when more than `bytesMax` bytes arrive; must throw. */
  readonly bytesMax: number
  readonly onTooLarge: () => never
}

const EMPTY = new Uint8Array(0)

export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #options: ByteReaderOptions
  #chunk: Uint8Array = EMPTY
  #received = 0
  #ended = false

  constructor(bytes: AsyncIterable<Uint8Array>, options: ByteReaderOptions) {
    this.#iterator = bytes[Symbol.asyncIterator]()
    this.#options = options
  }

  /** Bytes that have arrived so far, taken or not. */
  get received(): number {
    return this.#received
  }

  /** The next bytes without taking them: `n`, or fewer at the end. */
  async peek(n: number): Promise<Uint8Array> {
    while (this.#chunk.length < n) {
      const next = await this.#pull()
      if (next === null) break
      this.#chunk = this.#chunk.length === 0 ? next : Buffer.concat([this.#chunk, next])
    }
    return this.#chunk.subarray(0, n)
  }

  /** Fills the array as far as the stream reaches; returns how many bytes. */
  async readInto(into: Uint8Array): Promise<number> {
    let filled = 0
    while (filled < into.length) {
      if (this.#chunk.length === 0) {
        const next = await this.#pull()
        if (next === null) break
        this.#chunk = next
      }
      const part = this.#chunk.subarray(0, into.length - filled)
      into.set(part, filled)
      filled += part.length
      this.#chunk = this.#chunk.subarray(part.length)
    }
    return filled
  }

  /** Passes over `n` bytes, or as many as are left. */
  async skip(n: number): Promise<void> {
    for (let left = n; left > 0; ) {
      if (this.#chunk.length === 0) {
        const next = await this.#pull()
        if (next === null) return
        this.#chunk = next
      }
      const part = Math.min(left, this.#chunk.length)
      this.#chunk = this.#chunk.subarray(part)
      left -= part
    }
  }

  /** Everything that is left, chunk by chunk. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunk.length > 0 ? this.#chunk : await this.#pull()
      this.#chunk = EMPTY
      if (chunk === null) return
      yield chunk
    }
  }

  /** Ends the stream early; safe to call twice. */
  async close(): Promise<void> {
    this.#ended = true
    await this.#iterator.return?.()
  }

  async #pull(): Promise<Uint8Array | null> {
    this.#options.signal?.throwIfAborted()
    if (this.#ended) return null
    const { done, value } = await this.#iterator.next()
    if (done) {
      this.#ended = true
      return null
    }
    this.#received += value.length
    if (this.#received > this.#options.bytesMax) this.#options.onTooLarge()
    return value.length === 0 ? await this.#pull() : value
  }
}
