export { permutation, shuffledRange, subset } from './permutation.ts'
export { philox } from './philox.ts'
export { fillNormal, fillUniform, fillWords, hashName, PURPOSES, type Purpose, type StreamKey, uniformAt } from './stream.ts'
