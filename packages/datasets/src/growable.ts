// A list of 32-bit numbers that doubles as it grows: memory follows what has arrived, not what a header claims.

export class GrowableInt32 {
  #data = new Int32Array(64)
  #length = 0

  push(value: number): void {
    if (this.#length === this.#data.length) this.#data = grown(this.#data, new Int32Array(this.#length * 2))
    this.#data[this.#length++] = value
  }
  push2(a: number, b: number): void {
    if (this.#length + 1 >= this.#data.length) this.#data = grown(this.#data, new Int32Array(this.#data.length * 2))
    this.#data[this.#length] = a
    this.#data[this.#length + 1] = b
    this.#length += 2
  }
  /** Forgets all values; the memory is kept for the next ones. */
  clear(): void {
    this.#length = 0
  }
  /** Forgets the values from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length)
  }
  get length(): number {
    return this.#length
  }
  /** Takes the place of all values. */
  restore(values: Int32Array): void {
    this.#data = grown(values, new Int32Array(Math.max(64, values.length)))
    this.#length = values.length
  }
  get values(): Int32Array {
    return this.#data.subarray(0, this.#length)
  }
}

export class GrowableFloat32 {
  #data = new Float32Array(64)
  #length = 0

  push(value: number): void {
    if (this.#length === this.#data.length) this.#data = grown(this.#data, new Float32Array(this.#length * 2))
    this.#data[this.#length++] = value
  }
  get values(): Float32Array {
    return this.#data.subarray(0, this.#length)
  }
}

export class GrowableFloat64 {
  #data = new Float64Array(64)
  #length = 0

  push(value: number): void {
    if (this.#length === this.#data.length) this.#data = grown(this.#data, new Float64Array(this.#length * 2))
    this.#data[this.#length++] = value
  }
  /** Forgets all values; the memory is kept for the next ones. */
  clear(): void {
    this.#length = 0
  }
  get length(): number {
    return this.#length
  }
  /** @param index below `length` */
  at(index: number): number {
    return this.#data[index] as number
  }
  /** Takes the place of all values. */
  restore(values: Float64Array): void {
    this.#data = grown(values, new Float64Array(Math.max(64, values.length)))
    this.#length = values.length
  }
  get values(): Float64Array {
    return this.#data.subarray(0, this.#length)
  }
}

export class GrowableUint8 {
  #data = new Uint8Array(64)
  #length = 0

  push(value: number): void {
    if (this.#length === this.#data.length) this.#data = grown(this.#data, new Uint8Array(this.#length * 2))
    this.#data[this.#length++] = value
  }
  /** Takes the place of all values. */
  restore(values: Uint8Array): void {
    this.#data = grown(values, new Uint8Array(Math.max(64, values.length)))
    this.#length = values.length
  }
  get values(): Uint8Array {
    return this.#data.subarray(0, this.#length)
  }
}

function grown<T extends Int32Array | Float32Array | Float64Array | Uint8Array>(old: ArrayLike<number>, larger: T): T {
  larger.set(old)
  return larger
}
