export { type ArrayDtype, DTYPE_BYTES, type Dtype, type DtypeArrays } from './dtype.ts'
export { concatenate, type EncodedFile, encode, type TensorData } from './encode.ts'
export {
  HEADER_BYTES_MAX,
  headerExtent,
  LENGTH_BYTES,
  type ParseOptions,
  parseHeader,
  type SafetensorsHeader,
  type TensorEntry,
} from './header.ts'
export { readTensor } from './read.ts'
export { SafetensorsError, type SafetensorsErrorCode } from './safetensors-error.ts'
