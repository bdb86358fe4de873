// How the files of an upload are read. Everything is found by looking at the content; an option is for where that guesses wrong.

import { z } from 'zod'

/** What a file can be read as. */
export const dataFormatSchema = z.enum(['idx', 'csv', 'jsonl', 'npy', 'npz', 'parquet', 'safetensors', 'zip', 'tar'])
export type DataFormat = z.infer<typeof dataFormatSchema>

/** Largest side of a picture that training is given. */
const RESIZE_MAX = 4096

export const readOptionsSchema = z.strictObject({
  /** Default: by the first bytes of the file, never by its name. gzip around it is seen in any case. */
  format: dataFormatSchema.optional(),
  /** CSV: whether the first row names the columns. Default: sniffed. */
  header: z.boolean().optional(),
  /** CSV: what is between cells. Default: sniffed. */
  delimiter: z.enum([',', ';', '\t', '|']).optional(),
  /** CSV and JSONL. Default: by byte order mark, else UTF-8 where it is that, else Windows-1252 (which has Latin-1 in it). */
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']).optional(),
  /** CSV: spellings of a missing value; case does not matter, and the empty cell always is one. Default: NA, N/A, NaN, null, None, ?. */
  missing_values: z.array(z.string().max(64)).max(64).optional(),
  /** Images: the size that all are brought to, without keeping proportions. Default: all must have one size. */
  resize: z.strictObject({ height: z.int().min(1).max(RESIZE_MAX), width: z.int().min(1).max(RESIZE_MAX) }).optional(),
  /** Images: 1 grey, 3 colour. Default: grey where the first images are. */
  channels: z.union([z.literal(1), z.literal(3)]).optional(),
  /** Archives: how many folders name the class: 2 for a coarse class and within it the class. Default: 1. */
  class_levels: z.union([z.literal(1), z.literal(2)]).optional(),
  /** Archives: path of the CSV or JSONL file inside that has one row per image. Default: the only one there is, else folders are classes. */
  image_list: z.string().max(1024).optional(),
})
export type ReadOptions = z.infer<typeof readOptionsSchema>
