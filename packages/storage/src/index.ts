// Object storage: a local directory or anything that speaks S3.

export type { ByteRange, ObjectStat, ObjectStorage, PutOptions, StoredObject } from './object-storage.ts'
export { openStorage, type StorageCredentials } from './open-storage.ts'
