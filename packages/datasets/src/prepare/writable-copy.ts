// Results that are read-only, as the contract has them.

type Mutable<T> = T extends readonly (infer E)[] ? Mutable<E>[] : T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T

export function copyOf<T>(value: T): Mutable<T> {
  return structuredClone(value) as Mutable<T>
}
