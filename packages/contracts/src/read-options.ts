// How the files of an upload are read. Everything is found by looking at the content; an option is for where that guesses wrong.

import { z } from 'zod'

/** What a file can be read as. */
export const dataFormatSchema = z.enum(['idx', 'csv', 'jsonl', 'npy', 'npz', 'parquet', 'safetensors', 'zip', 'tar'])
export type DataFormat = z.infer<typeof dataFormatSchema>

/** Largest side of a picture that training is given. */
const RESIZE_MAX = 4096

export const readOptionsSchema = z.strictObject({
  format: dataFormatSchema
    .optional()
    .meta({ description: 'Default: by the first bytes of the file, never by its name. gzip around it is seen in any case.' }),
  header: z.boolean().optional().meta({ description: 'CSV: whether the first row names the columns. Default: sniffed.' }),
  delimiter: z.enum([',', ';', '\t', '|']).optional().meta({ description: 'CSV: what is between cells. Default: sniffed.' }),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']).optional().meta({
    description: 'CSV and JSONL. Default: by byte order mark, else UTF-8 where it is that, else Windows-1252 (which has Latin-1 in it).',
  }),
  missing_values: z.array(z.string().max(64)).max(64).optional().meta({
    description:
      'CSV: spellings of a missing value; case does not matter, and the empty cell always is one. Default: NA, N/A, NaN, null, None, ?.',
  }),
  resize: z
    .strictObject({ height: z.int().min(1).max(RESIZE_MAX), width: z.int().min(1).max(RESIZE_MAX) })
    .optional()
    .meta({ description: 'Images: the size that all are brought to, without keeping proportions. Default: all must have one size.' }),
  channels: z
    .union([z.literal(1), z.literal(3)])
    .optional()
    .meta({ description: 'Images: 1 grey, 3 colour. Default: grey where the first images are.' }),
  class_levels: z
    .union([z.literal(1), z.literal(2)])
    .optional()
    .meta({ description: 'Archives: how many folders name the class: 2 for a coarse class and within it the class. Default: 1.' }),
  image_list: z.string().max(1024).optional().meta({
    description:
      'Archives: path of the CSV or JSONL file inside that has one row per image. Default: the only one there is, else folders are classes.',
  }),
})
export type ReadOptions = z.infer<typeof readOptionsSchema>
