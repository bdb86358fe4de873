import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** Runs a module in a process of its own; returns whether libvips, the library of sharp, was loaded into it. */
function loadsDecoder(code: string): boolean {
  const script = `${code}\nconsole.log(process.report.getReport().sharedObjects.some((path) => path.includes('vips')))`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: new URL('.', import.meta.url) })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return stdout.trim() === 'true'
}

it('requirement 29: what the API imports of this package loads no image decoder', () => {
  expect(loadsDecoder("await import('@trainyard/datasets')")).toBe(false)
  const decoding = `const { lookAtImage } = await import('./decode-image.ts')
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==', 'base64')
    await lookAtImage(png, { imagePixelsMax: 100 })`
  expect(loadsDecoder(decoding)).toBe(true)
})
