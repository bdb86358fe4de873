// Object storage: a local directory or anything that speaks S3.

export type {
  ByteRange,
  DirectPart,
  ObjectStat,
  ObjectStorage,
  PartedUpload,
  PutOptions,
  StoredObject,
  StoredPart,
} from './object-storage.ts'
export { openStorage, type StorageCredentials } from './open-storage.ts'
