// Small grey pictures in a terminal: two pixels per letter, one above the other.

export interface Picture {
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
}

/** Averages blocks of 2×2 pixels. */
export function halve({ pixels, width, height }: Picture): Picture {
  const half = { width: width >> 1, height: height >> 1 }
  const at = (x: number, y: number) => pixels[y * width + x] ?? 0
  const result = Uint8Array.from({ length: half.width * half.height }, (_, i) => {
    const x = 2 * (i % half.width)
    const y = 2 * Math.floor(i / half.width)
    return (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) >> 2
  })
  return { pixels: result, ...half }
}

/** @param color with grey levels as ANSI colours (256), else black and white */
export function pictureLines({ pixels, width, height }: Picture, color: boolean): string[] {
  const lines: string[] = []
  for (let y = 0; y < height; y += 2) {
    let line = ''
    for (let x = 0; x < width; x++) line += letter(pixels[y * width + x] ?? 0, pixels[(y + 1) * width + x] ?? 0, color)
    lines.push(color ? `${line}\x1b[0m` : line)
  }
  return lines
}

/** Grey levels 232 (black) to 255 (white) of the terminal's palette. */
const grey = (pixel: number) => 232 + Math.round((pixel / 255) * 23)
const LIGHT = 96

function letter(upper: number, lower: number, color: boolean): string {
  if (color) return `\x1b[38;5;${grey(upper)};48;5;${grey(lower)}m▀`
  return upper > LIGHT ? (lower > LIGHT ? '█' : '▀') : lower > LIGHT ? '▄' : ' '
}

/** Pictures beside each other, each with texts below. */
export function gallery(
  items: readonly { readonly picture: Picture; readonly texts: readonly string[] }[],
  perRow: number,
  color: boolean,
): string {
  const blocks: string[] = []
  for (let start = 0; start < items.length; start += perRow) {
    const row = items.slice(start, start + perRow)
    const pictures = row.map(({ picture }) => pictureLines(picture, color))
    const lines = (pictures[0] ?? []).map((_, y) => `  ${pictures.map((picture) => picture[y] ?? '').join('  ')}`)
    const texts = (row[0]?.texts ?? []).map((_, t) =>
      `  ${row.map(({ picture, texts }) => centred(texts[t] ?? '', picture.width)).join('  ')}`.trimEnd(),
    )
    blocks.push([...lines, ...texts].join('\n'))
  }
  return blocks.join('\n\n')
}

function centred(text: string, width: number): string {
  const space = Math.max(0, width - text.length)
  return ' '.repeat(Math.floor(space / 2)) + text + ' '.repeat(Math.ceil(space / 2))
}
