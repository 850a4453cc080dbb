import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runChaos } from '../../bench/chaos/chaos-run.ts'
import { judge } from '../../bench/chaos/goals.ts'
import { caseLines, outcomeTable, remarks } from '../../bench/chaos/tables.ts'

/** The sources as they are: `dist/` may be older. */
const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

// `npm run bench:chaos` in short: the same code judges it. Its seed is always the same, what comes of it never quite.
test('amid chaos every request has one outcome, no answer is wrong, and all is well afterwards', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'xecureapi-chaos-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 20 }))
  const result = await runChaos(t, {
    cli: CLI,
    folder,
    hasTls: false,
    seed: 20,
    duration: 3_000,
    rate: 80,
    groups: ['catalog', 'orders'],
    pace: { pause: [50, 250], length: [300, 1_000] }
  })
  t.diagnostic(`${outcomeTable(result)}\n\n${remarks(result)}`)
  assert.ok(result.outcomes.length > 100, 'there was something to judge')
  const failed = judge(result).filter(({ holds }) => holds === false)
  assert.deepEqual(failed, [], caseLines(result, 3))
})
