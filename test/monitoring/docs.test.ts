import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { COUNTED_STATUSES } from '../../src/telemetry/route-stats.ts'
import { DURATION_BUCKETS } from '../../src/telemetry/histogram.ts'
import { MOST_BACKENDS } from '../../src/telemetry/metrics/backend-metrics.ts'
import { exposedFamilies } from './exposed-families.ts'
import { readRules } from './rules-file.ts'

const DOCS = await readFile(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8')

/** Rows of tables as cells, those whose first cell is a name of this kind. */
function rows(name: RegExp): string[][] {
  const lines = DOCS.split('\n').filter((line) => line.startsWith('| `'))
  const all = lines.map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
  )
  return all.filter(([first = '']) => name.test(first))
}

suite('docs/metrics.md', () => {
  test('lists exactly the metrics that the gateway has, with their types and labels', async (t) => {
    const listed = rows(/^`xecureapi_\w+`$/).map(([name, type, labels]) => `${name} ${type} ${labels}`)
    const families = await exposedFamilies(t)
    const exposed = families.map(
      ({ name, type, labels }) => `\`${name}\` ${type} ${labels.map((label) => `\`${label}\``).join(', ')}`
    )
    assert.deepEqual(listed.sort(), exposed.sort())
  })

  test('lists exactly the alerts that there are, how urgent they are and when they fire', async () => {
    const listed = rows(/^`Xecureapi\w+`$/).map(([name, severity, after]) => `${name} ${severity} ${after}`)
    const alerts = (await readRules()).flatMap(({ alert, labels, for: after = 'at once' }) =>
      alert ? [`\`${alert}\` ${labels?.['severity']} ${after}`] : []
    )
    assert.deepEqual(listed, alerts)
  })

  test('is advertised with the number of alerts that there are', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8')
    const alerts = (await readRules()).filter(({ alert }) => alert)
    assert.ok(readme.includes(`${alerts.length} alerts`))
  })

  test('names every recording rule', async () => {
    for (const { record } of await readRules()) {
      // Quantiles are named as an enumeration.
      if (record !== undefined && !/:p\d+_5m$/.test(record)) assert.ok(DOCS.includes(`\`${record}\``), record)
    }
  })

  test('says how many series there can be', () => {
    assert.ok(DOCS.includes(`the first ${MOST_BACKENDS} (\`MOST_BACKENDS\`)`))
    // The first one stands for all others.
    assert.ok(DOCS.includes(`| \`status\` | ${COUNTED_STATUSES.length - 1} that are usual`))
    assert.ok(DOCS.includes(`${DURATION_BUCKETS.length} buckets from 5 ms to 10 s`))
  })
})
