// From STORAGE_URL to a storage.

import { fileURLToPath } from 'node:url'
import { DirectoryStorage } from './local/directory-storage.ts'
import type { ObjectStorage } from './object-storage.ts'
import { S3Storage } from './s3/s3-storage.ts'

/** Credentials for S3, from the environment; without them the chain of the AWS SDK looks for them. */
export interface StorageCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * @param url `file:///var/lib/trainyard` or `s3://bucket/prefix?endpoint=https://minio:9000&region=eu-central-1`
 * @throws Error when the URL is neither.
 */
export function openStorage(url: string, credentials: StorageCredentials | null = null): ObjectStorage {
  const { protocol, hostname, pathname, searchParams } = new URL(url)
  if (protocol === 'file:') return new DirectoryStorage(fileURLToPath(url))
  if (protocol === 's3:') {
    const endpoint = searchParams.get('endpoint')
    return new S3Storage({
      bucket: hostname,
      prefix: pathname.replace(/^\/+|\/+$/g, ''),
      region: searchParams.get('region') ?? 'us-east-1',
      ...(endpoint === null ? {} : { endpoint }),
      ...(credentials === null ? {} : { credentials }),
    })
  }
  throw new Error(`STORAGE_URL: ${protocol}// is not known. Expected file:///directory or s3://bucket/prefix?endpoint=…&region=…`)
}
