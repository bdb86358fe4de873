// What every `infer` begins with: the right number of operands, of the right rank and element type.

import type { TensorType } from '../core/tensor.ts'
import { ShapeError } from './op.ts'

type Named<T, R extends readonly string[], O extends readonly string[]> = readonly [
  ...{ readonly [I in keyof R]: T },
  ...{ readonly [I in keyof O]: T | undefined },
]

/**
 * Operands by position, the optional ones last. Throws ShapeError `wrong_arity` when there are too few or too many.
 * @example const [x, weight, bias] = operands(inputs, ['x', 'weight'], ['bias'])
 */
export function operands<T, const R extends readonly string[], const O extends readonly string[] = readonly []>(
  values: readonly T[],
  required: R,
  optional?: O,
): Named<T, R, O> {
  const most = required.length + (optional?.length ?? 0)
  if (values.length < required.length || values.length > most) {
    const names = [...required, ...(optional ?? []).map((name) => `${name}?`)].join(', ')
    throw new ShapeError('wrong_arity', `${values.length} inputs, expected (${names})`, 'Connect exactly the inputs that the op takes.')
  }
  return values as unknown as Named<T, R, O>
}

/** `[2, 3]` */
export function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

/**
 * The sizes of a real tensor by letter. Throws ShapeError `wrong_rank` or `wrong_type`.
 * @example const [N, C, H, W] = dims(x, 'x', ['N', 'C', 'H', 'W'])
 */
export function dims<const L extends readonly string[]>(type: TensorType, name: string, letters: L): { readonly [I in keyof L]: number } {
  requireReal(type, name)
  if (type.shape.length !== letters.length) {
    throw new ShapeError(
      'wrong_rank',
      `${name} has shape ${show(type.shape)}, expected ${letters.length} dimensions [${letters.join(', ')}]`,
      type.shape.length > letters.length ? 'Put a flatten layer before it.' : 'Check the shape of the input that comes before it.',
    )
  }
  return type.shape as unknown as { readonly [I in keyof L]: number }
}

export function requireReal(type: TensorType, name: string): void {
  if (type.type !== 'real') {
    throw new ShapeError('wrong_type', `${name} has elements of type ${type.type}, expected real`, 'Connect a tensor of real numbers.')
  }
}

/** Throws ShapeError `shape_mismatch` unless the shape is the expected one. */
export function requireShape(type: TensorType, name: string, expected: readonly number[], hint: string): void {
  const { shape } = type
  if (shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis])) {
    throw new ShapeError('shape_mismatch', `${name} has shape ${show(shape)}, expected ${show(expected)}`, hint)
  }
}

/** The operand must be a real tensor of that shape. */
export function requireRealShape(type: TensorType, name: string, expected: readonly number[], hint: string): void {
  requireReal(type, name)
  requireShape(type, name, expected, hint)
}

/** Labels: whole numbers, one per row. */
export function requireLabels(type: TensorType, N: number): void {
  if (type.type !== 'index') {
    throw new ShapeError(
      'wrong_type',
      `labels have elements of type ${type.type}, expected index`,
      'Use class targets with this loss, or squared_error for value targets.',
    )
  }
  requireShape(type, 'labels', [N], 'Give one class per row.')
}

export function invalidAttribute(message: string, hint: string): ShapeError {
  return new ShapeError('invalid_attribute', message, hint)
}

export function real(...shape: readonly number[]): TensorType {
  return { shape, type: 'real' }
}
