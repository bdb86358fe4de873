// Prepares one file in a process of its own, as the worker does, and tells time and peak memory as a line of JSON.
// usage: node packages/launch/src/run.mjs bench/formats/prepare-child.ts FILE OUTPUT_FOLDER

import { fileSource, prepareDataset } from '@trainyard/datasets'

const [path = '', outDir = ''] = process.argv.slice(2)
const begun = performance.now()
const { manifest } = await prepareDataset({ sources: [fileSource('file', 'data', path)], outDir })
const seconds = (performance.now() - begun) / 1000
const rows = Object.values(manifest.splits).reduce((sum, split) => sum + split.rows, 0)
console.log(
  JSON.stringify({
    seconds,
    cpu: process.cpuUsage().user / 1e6,
    peakMb: process.resourceUsage().maxRSS / 1024,
    rows,
    digest: manifest.digest,
  }),
)
