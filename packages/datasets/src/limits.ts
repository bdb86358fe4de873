// What preparation accepts. Every number bounds memory or disk against hostile headers; tests pass smaller ones.

export interface PrepareLimits {
  /** Bytes of one source after decompression: counted, not believed. */
  readonly inflatedBytesMax: number
  /** Bytes of one sample. 64 MiB is a 4096×5461 colour image. */
  readonly sampleBytesMax: number
  /** Rows of one source: labels are kept in memory, 4 bytes each. */
  readonly rowsMax: number
  /** Files in one archive: their names are kept in memory. ImageNet has 1.3 million. */
  readonly archiveEntriesMax: number
  /** Bytes of a list of images inside an archive, which is read whole. */
  readonly imageListBytesMax: number
  /** Pixels of one image before it is resized: larger ones are refused before they are decoded. 64 megapixels, a large camera. */
  readonly imagePixelsMax: number
  /** Columns of a table. ImageNet-sized images as columns (150,528) are images and belong into another format. */
  readonly columnsMax: number
  /** Bytes of one record of a table: 65,536 columns of 24 letters. */
  readonly recordBytesMax: number
  /** Distinct class labels. ImageNet-21k has 21,841. */
  readonly classesMax: number
  /**
   * Bytes of one shard. 16 MiB: one shard per split is held in memory while it is written, so that preparation stays flat; a ranged
   * read, retry or hash check of one shard takes well under a second; and 1 GB of data still is only 64 objects.
   */
  readonly shardBytesMax: number
}

const MiB = 1 << 20

export const PREPARE_LIMITS: PrepareLimits = {
  inflatedBytesMax: 64 * 1024 * MiB,
  sampleBytesMax: 64 * MiB,
  rowsMax: 200_000_000,
  archiveEntriesMax: 2_000_000,
  imageListBytesMax: 256 * MiB,
  imagePixelsMax: 64_000_000,
  columnsMax: 65_536,
  recordBytesMax: 2 * MiB,
  classesMax: 32_768,
  shardBytesMax: 16 * MiB,
}
