import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { ROOT } from './documents.ts'

const BENCH = await readFile(join(ROOT, 'bench/README.md'), 'utf8')

/** Sections whose figures are those of bench/README.md, and nothing else. */
const SECTIONS = [
  ['docs/performance.md', 'Beside others'],
  ['docs/performance.md', 'What is not reached'],
  ['docs/performance.md', 'Under overload'],
  ['docs/performance.md', 'Tails'],
  ['docs/balancing.md', 'What was measured']
] as const

/** Cells of tables in bench/README.md and words of its text, as they are written. */
const KNOWN = new Set(BENCH.match(/\d[\d,.]*\d|\d/g))

suite('figures in the documents', () => {
  for (const [file, heading] of SECTIONS) {
    test(`${file}, "${heading}": all stand in bench/README.md`, async () => {
      const text = await readFile(join(ROOT, file), 'utf8')
      const [, section = ''] = text.split(`\n## ${heading}\n`)
      const lines = section.split('\n## ')[0]!.split('\n')
      const figures = lines.flatMap((line) => {
        const found = line.replaceAll(/`[^`]*`|\]\([^)]*\)/g, '').match(/\d[\d,.]*\d|\d/g) ?? []
        // In a sentence a single digit counts things.
        return line.startsWith('|') ? found : found.filter((each) => each.length > 1)
      })
      assert.ok(figures.length >= 3)
      // A share of ordinary requests is rounded there, to no fraction.
      const isKnown = (figure: string): boolean =>
        KNOWN.has(figure) || [...KNOWN].some((each) => each.split('.')[0] === figure)
      assert.deepEqual(
        figures.filter((figure) => !isKnown(figure)),
        []
      )
    })
  }
})
