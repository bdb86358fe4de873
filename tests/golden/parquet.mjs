// Writes *.golden.parquet: small tables as DuckDB writes them, in each packing and both page versions, for the reader's tests.
//
// Run where @duckdb/node-api 1.5 is installed: node parquet.mjs <folder of the golden files>

import { DuckDBInstance } from '@duckdb/node-api'

const [folder = '.'] = process.argv.slice(2)
const connection = await (await DuckDBInstance.create(':memory:')).connect()
const write = (name, select, options = '') =>
  connection.run(`COPY (${select}) TO '${folder}/${name}.golden.parquet' (FORMAT parquet ${options})`)

/** 5,000 rows, several row groups, every type of cell, one in seven missing. */
const cells = `SELECT
  i::INTEGER AS i32,
  CASE WHEN i % 7 = 3 THEN NULL ELSE (i * 1000003)::BIGINT END AS i64,
  (i % 200)::UTINYINT AS u8,
  CASE WHEN i % 7 = 5 THEN NULL ELSE i / 8.0 END::DOUBLE AS f64,
  (i / 16.0)::FLOAT AS f32,
  i % 3 = 0 AS flag,
  CASE WHEN i % 7 = 1 THEN NULL ELSE 'ä' || (i % 5) END AS word,
  DATE '2024-01-31' + (i % 400)::INTEGER AS day,
  TIMESTAMP '2024-01-31 12:00:00' + INTERVAL (i) SECOND AS moment,
  (i / 100.0)::DECIMAL(9, 2) AS money
FROM range(5000) t(i)`
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli'])
  await write(`cells-${codec}`, cells, `, CODEC '${codec}', ROW_GROUP_SIZE 2048`)
await write('cells-v2', cells, `, PARQUET_VERSION v2, ROW_GROUP_SIZE 2048`)
await write('cells-lz4', cells, `, CODEC 'lz4_raw', ROW_GROUP_SIZE 2048`)
await write(
  'lists',
  `SELECT [i, i + 1, i + 2]::FLOAT[] AS v, [[i % 256, 1], [2, 3], [4, 5]]::UTINYINT[][] AS pixels, i::INTEGER AS label FROM range(3000) t(i)`,
  ', ROW_GROUP_SIZE 2048',
)
await write('ragged', `SELECT CASE WHEN i = 2 THEN [1.0] WHEN i = 4 THEN NULL ELSE [1.0, 2.0] END AS v, i::INTEGER AS y FROM range(6) t(i)`)
const small = `SELECT * FROM (${cells}) LIMIT 20`
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli']) await write(`small-${codec}`, small, `, CODEC '${codec}'`)
await write('small-lz4', small, `, CODEC 'lz4_raw'`)
await write('small-v2', small, ', PARQUET_VERSION v2')
await write('small-lists', `SELECT [i, i + 1]::FLOAT[] AS v, [[i, 1], [2, 3]]::UTINYINT[][] AS pixels FROM range(5) t(i)`)
await write('empty', `SELECT 1 AS a WHERE false`)
