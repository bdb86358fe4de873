// One WebAssembly function under construction: instructions of a stack machine, with 128-bit vectors of four float32 numbers.
// Source of the encodings: WebAssembly Core Specification 2.0, chapter 5.

export type LocalType = 'i32' | 'v128'

const TYPE_CODE: { readonly [T in LocalType]: number } = { i32: 0x7f, v128: 0x7b }

/** Instructions without operands of their own. */
const PLAIN = { i32Add: 0x6a, i32Sub: 0x6b, f32Div: 0x95, i32ToF32: 0xb2 } as const

/** Vector instructions without operands of their own; after the prefix 0xfd. */
const VECTOR = {
  splat: 0x13,
  splatI32: 0x11,
  equalI32: 0x37,
  less: 0x43,
  greater: 0x44,
  not: 0x4d,
  and: 0x4e,
  or: 0x50,
  select: 0x52,
  nearest: 0x6a,
  shiftLeftI32: 0xab,
  shiftRightI32: 0xad,
  addI32: 0xae,
  subI32: 0xb1,
  abs: 0xe0,
  neg: 0xe1,
  sqrt: 0xe3,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  toI32: 0xf8,
  fromI32: 0xfa,
} as const

export type PlainInstruction = keyof typeof PLAIN
export type VectorInstruction = keyof typeof VECTOR

/** A local variable. */
export type Local = number

/** Where to read or write: a fixed address, plus a pointer if one is given. */
export interface Place {
  readonly address: number
  readonly pointer?: Local
}

export class WasmCode {
  readonly #bytes: number[] = []
  readonly #locals: LocalType[] = []

  local(type: LocalType): Local {
    return this.#locals.push(type) - 1
  }

  get(local: Local): this {
    return this.#emit(0x20, ...unsigned(local))
  }

  set(local: Local): this {
    return this.#emit(0x21, ...unsigned(local))
  }

  tee(local: Local): this {
    return this.#emit(0x22, ...unsigned(local))
  }

  i32(value: number): this {
    return this.#emit(0x41, ...signed(value))
  }

  f32(value: number): this {
    return this.#emit(0x43, ...floatBytes(value))
  }

  plain(instruction: PlainInstruction): this {
    return this.#emit(PLAIN[instruction])
  }

  /** All four lanes alike. */
  constant(value: number): this {
    const bytes = floatBytes(value)
    return this.#emit(0xfd, 0x0c, ...bytes, ...bytes, ...bytes, ...bytes)
  }

  constantI32(...lanes: readonly [number, number, number, number]): this {
    return this.#emit(0xfd, 0x0c, ...new Uint8Array(Int32Array.from(lanes).buffer))
  }

  vector(...instructions: readonly VectorInstruction[]): this {
    for (const instruction of instructions) this.#emit(0xfd, ...unsigned(VECTOR[instruction]))
    return this
  }

  lane(lane: number): this {
    return this.#emit(0xfd, 0x1f, lane)
  }

  /** Pushes four numbers from memory. */
  load(place: Place): this {
    return this.#access(place, () => this.#emit(0xfd, 0x00, 2, ...unsigned(place.address)))
  }

  /** Pushes one number from memory, in all four lanes. */
  loadSplat(place: Place): this {
    return this.#access(place, () => this.#emit(0xfd, 0x09, 2, ...unsigned(place.address)))
  }

  /** Pushes one number from memory into a lane of the vector in a local. */
  loadLane(place: Place, vector: Local, lane: number): this {
    return this.#access(place, () => this.get(vector).#emit(0xfd, 0x56, 2, ...unsigned(place.address), lane))
  }

  loadScalar(place: Place): this {
    return this.#access(place, () => this.#emit(0x2a, 2, ...unsigned(place.address)))
  }

  storeScalar(place: Place, value: () => void): this {
    return this.#access(place, () => {
      value()
      this.#emit(0x38, 2, ...unsigned(place.address))
    })
  }

  /** Writes the first `lanes` numbers of the vector in a local. */
  store(place: Place, vector: Local, lanes = 4): this {
    if (lanes >= 4) return this.#access(place, () => this.get(vector).#emit(0xfd, 0x0b, 2, ...unsigned(place.address)))
    for (let lane = 0; lane < lanes; lane++) this.storeLane({ ...place, address: place.address + 4 * lane }, vector, lane)
    return this
  }

  storeLane(place: Place, vector: Local, lane: number): this {
    return this.#access(place, () => this.get(vector).#emit(0xfd, 0x5a, 2, ...unsigned(place.address), lane))
  }

  /** Repeats the body; the pointers start at 0 and go on by their bytes each time. Nothing for 0 times. */
  repeat(times: number, pointers: readonly (readonly [pointer: Local, bytes: number])[], body: () => void): this {
    for (const [pointer] of pointers) this.i32(0).set(pointer)
    if (times === 0) return this
    if (times === 1) {
      body()
      return this
    }
    const left = this.local('i32')
    this.i32(times).set(left).#emit(0x03, 0x40)
    body()
    for (const [pointer, bytes] of pointers) this.get(pointer).i32(bytes).plain('i32Add').set(pointer)
    return this.get(left).i32(1).plain('i32Sub').tee(left).#emit(0x0d, 0, 0x0b)
  }

  /** The function's body as the binary format has it. */
  finish(): readonly number[] {
    const locals = this.#locals.flatMap((type) => [1, TYPE_CODE[type]])
    const body = [...unsigned(this.#locals.length), ...locals, ...this.#bytes, 0x0b]
    return [...unsigned(body.length), ...body]
  }

  #access({ pointer }: Place, instruction: () => void): this {
    if (pointer === undefined) this.i32(0)
    else this.get(pointer)
    instruction()
    return this
  }

  #emit(...bytes: readonly number[]): this {
    for (const byte of bytes) this.#bytes.push(byte)
    return this
  }
}

/** LEB128. */
export function unsigned(value: number): readonly number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const more = rest >= 0x80
    bytes.push((rest % 0x80) + (more ? 0x80 : 0))
    rest = Math.floor(rest / 0x80)
  } while (rest > 0)
  return bytes
}

function signed(value: number): readonly number[] {
  const bytes: number[] = []
  for (let rest = value | 0; ; ) {
    const byte = rest & 0x7f
    rest >>= 7
    const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0)
    bytes.push(isLast ? byte : byte | 0x80)
    if (isLast) return bytes
  }
}

function floatBytes(value: number): readonly number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)]
}
