// MNIST and Fashion-MNIST, all 70,000 pictures of each, in five forms through the service: one digest, one checkpoint. Minutes.
// usage: npm run bench:same-content -- [--epochs 1] [--set Fashion-MNIST] [--json FILE]

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { formsOf } from '../tests/e2e/same-content/forms.ts'
import { readPictureSets } from '../tests/e2e/same-content/pictures.ts'
import { type FormResult, trainForm } from '../tests/e2e/same-content/train-form.ts'
import { startService } from '../tests/e2e/service.ts'

const { values } = parseArgs({ options: { epochs: { type: 'string', default: '1' }, set: { type: 'string' }, json: { type: 'string' } } })

const service = await startService({ redis: false })
try {
  const measured: (FormResult & { readonly set: string; readonly form: string; readonly bytes: number })[] = []
  console.log('| data | form | MB | digest | checkpoint | accuracy | s |\n|---|---|---|---|---|---|---|')
  for (const set of readPictureSets()) {
    if (set.name !== (values.set ?? set.name)) continue
    for await (const form of formsOf(set)) {
      const bytes = Object.values(form.files).reduce((sum, content) => sum + Buffer.byteLength(content), 0)
      const started = performance.now()
      const result = await trainForm(service, form, Number(values.epochs))
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      const shown = [result.digest.slice(0, 8), result.checkpoint.slice(0, 8), `${(100 * result.accuracy).toFixed(2)} %`, seconds]
      console.log(`| ${[set.name, form.name, (bytes / 1e6).toFixed(1), ...shown].join(' | ')} |`)
      measured.push({ set: set.name, form: form.name, bytes, ...result })
    }
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measured, null, 2)}\n`)
  const kinds = new Set(measured.map(({ set, digest, checkpoint }) => `${set} ${digest} ${checkpoint}`))
  if (kinds.size !== new Set(measured.map(({ set }) => set)).size) {
    console.error('The forms of a set differ.')
    process.exitCode = 1
  }
} finally {
  await service.stop()
}
