import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runTool } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'
import { assertCounted, type InteropLab, startInteropLab } from './lab.ts'
import { PIECES, sumOf } from './origin.ts'

/** Of each client: hey makes the same number over each of its connections, 16 or 20. */
const COUNT = 240
/** Text, as autocannon takes it. */
const UPLOAD = PIECES.repeat(60)

/** Runs ab, which speaks HTTP/1.0, and holds its report to all having gone well. @returns How many were kept alive. */
async function ab(lab: InteropLab, path: string, ...words: readonly string[]): Promise<number> {
  const told = await assertCounted(lab, { 200: COUNT }, () =>
    runTool('ab', '-q', '-n', String(COUNT), '-c', '16', ...words, `${lab.url}${path}`)
  )
  const numberOf = (what: string): number =>
    Number(new RegExp(`^${what}: +(\\d+)`, 'm').exec(told.stdout)?.[1] ?? 0)
  assert.equal(numberOf('Complete requests'), COUNT, told.stdout + told.stderr)
  // A body of another length than the first is one, too.
  assert.equal(numberOf('Failed requests') + numberOf('Non-2xx responses') + numberOf('Write errors'), 0)
  return numberOf('Keep-Alive requests')
}

/** Runs autocannon, and holds every answer to this body. */
async function autocannon(lab: InteropLab, path: string, body: string, ...words: string[]): Promise<void> {
  const amount = ['-a', String(COUNT), '-c', '16', '-E', body, '--sampleInt', '100', '--json']
  const { stdout, stderr } = await assertCounted(lab, { 200: COUNT }, () =>
    runTool('node_modules/.bin/autocannon', ...amount, ...words, `${lab.url}${path}`)
  )
  const told = JSON.parse(stdout) as Record<string, unknown>
  const { errors, timeouts, mismatches, non2xx, resets } = told
  assert.deepEqual([errors, timeouts, mismatches, non2xx, resets], [0, 0, 0, 0, 0], stderr)
  assert.equal(told['2xx'], COUNT)
}

test('clients that measure find nothing failed, and counted as many requests as the gateway', async (t) => {
  const lab = await startInteropLab(t, false)
  const file = await lab.writeFile('upload', UPLOAD)

  await t.test('ab, by HTTP/1.0, a connection for each request', async () => {
    for (const path of ['/text', '/pieces', '/bytes/100000', '/h2/pieces'])
      assert.equal(await ab(lab, path), 0, path)
  })

  await t.test('ab, whose connections are kept alive where a length is known', async () => {
    assert.equal(await ab(lab, '/text', '-k'), COUNT)
    assert.equal(await ab(lab, '/bytes/100000', '-k', '-i'), COUNT)
    // What is as long as its connection ends that.
    assert.equal(await ab(lab, '/pieces', '-k'), 0)
    assert.equal(await ab(lab, '/sum', '-k', '-p', file, '-T', 'application/octet-stream'), COUNT)
    assert.deepEqual([...lab.origin.sums], [sumOf(UPLOAD)])
  })

  await t.test('wrk, which leaves in the midst of what it last asked for', async () => {
    const before = await lab.answered()
    const { stdout } = await runTool('wrk', '-t', '1', '-c', '16', '-d', '1', `${lab.url}/pieces`)
    assert.doesNotMatch(stdout, /Socket errors|Non-2xx/)
    const told = Number(/(\d+) requests in/.exec(stdout)?.[1])
    const since = async (status: string): Promise<number> =>
      ((await lab.answered()).get(status) ?? 0) - (before.get(status) ?? 0)
    await until('all are counted', async () => (await since('200')) >= told)
    const [whole, left] = [await since('200'), await since('499')]
    assert.ok(whole + left <= told + 16, `${whole} and ${left}, where wrk had ${told}`)
  })

  await t.test('autocannon', async () => {
    await autocannon(lab, '/pieces', PIECES)
    await autocannon(lab, '/sum', sumOf(UPLOAD), '-m', 'POST', '-i', file)
  })

  await t.test('hey, with its connections kept alive and without', async () => {
    for (const words of [[], ['-disable-keepalive'], ['-m', 'POST', '-D', file]]) {
      const path = words.length > 2 ? '/sum' : '/pieces'
      const { stdout } = await assertCounted(lab, { 200: COUNT }, () =>
        runTool('hey', '-n', String(COUNT), '-c', '16', ...words, `${lab.url}${path}`)
      )
      assert.match(stdout, new RegExp(`\\[200\\]\\t${COUNT} responses`))
      assert.doesNotMatch(stdout, /Error distribution/)
    }
  })
})

test('hey gets all that it asks for over HTTP/2, as Go has it', async (t) => {
  const lab = await startInteropLab(t, true)
  const file = await lab.writeFile('upload', UPLOAD)
  for (const [path, ...words] of [
    ['/text'],
    ['/h2/bytes/300000'],
    ['/sum', '-m', 'POST', '-D', file]
  ] as const) {
    const { stdout } = await assertCounted(lab, { 200: COUNT }, () =>
      runTool('hey', '-h2', '-n', String(COUNT), '-c', '20', ...words, `${lab.url}${path}`)
    )
    assert.match(stdout, new RegExp(`\\[200\\]\\t${COUNT} responses`))
    assert.doesNotMatch(stdout, /Error distribution/)
  }
})
