/** Floats in a vector register, and the channels of a block in the library's layouts. */
export function vectorWidth(instructionSet: string): 8 | 16 {
  return instructionSet.startsWith('avx512') ? 16 : 8
}
