import { expect, it } from 'vitest'
import { gallery, halve, pictureLines } from './picture.ts'

const checker = { pixels: Uint8Array.from([255, 0, 0, 255, 255, 255, 0, 0]), width: 2, height: 4 }

it('shows two pixels per letter', () => {
  expect(pictureLines(checker, false)).toEqual(['▀▄', '▀▀'])
  expect(pictureLines({ pixels: Uint8Array.from([0, 255]), width: 1, height: 2 }, true)).toEqual(['\x1b[38;5;232;48;5;255m▀\x1b[0m'])
})

it('averages 2×2 blocks', () => {
  expect(halve({ pixels: Uint8Array.from([0, 100, 10, 10, 100, 200, 30, 30]), width: 4, height: 2 })).toEqual({
    pixels: Uint8Array.from([100, 20]),
    width: 2,
    height: 1,
  })
})

it('puts pictures side by side, texts below', () => {
  const picture = { pixels: new Uint8Array(12).fill(255), width: 6, height: 2 }
  const items = ['5', '12', '7'].map((label) => ({ picture, texts: [label, ''] }))
  expect(gallery(items, 2, false)).toBe(['  ██████  ██████', '    5       12', '', '', '  ██████', '    7', ''].join('\n'))
})
