import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runTool } from '../helpers/run-tool.ts'
import { assertCounted, type InteropLab, startInteropLab } from './lab.ts'
import { bytes, PIECES, sumOf, TEXT } from './origin.ts'

const UPLOAD = bytes(100_000)

/** Runs h2load, and holds its report to all having gone well. @param length - Bytes of each body. */
async function h2load(
  lab: InteropLab,
  path: string,
  length: number,
  count: number,
  ...words: readonly string[]
): Promise<void> {
  const { stdout } = await assertCounted(lab, { 200: count }, () =>
    runTool('h2load', '-n', String(count), ...words, `${lab.url}${path}`)
  )
  const all = `${count} total, ${count} started, ${count} done, ${count} succeeded`
  assert.ok(stdout.includes(`requests: ${all}, 0 failed, 0 errored, 0 timeout`), stdout)
  assert.ok(stdout.includes(`status codes: ${count} 2xx, 0 3xx, 0 4xx, 0 5xx`), stdout)
  assert.equal(/\((\d+)\) data$/m.exec(stdout)?.[1], String(count * length))
}

/** Runs nghttp, and holds it to have got all that it asked for. @returns What came. */
async function nghttp(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTool('nghttp', ...words)
  assert.equal(code, 0, stderr)
  // It warns of a certificate that it does not trust, and asks all the same.
  assert.doesNotMatch(stderr, /not processed|ERROR/)
  return stdout
}

test('the clients of nghttp2 get whole answers over HTTP/2', async (t) => {
  const lab = await startInteropLab(t, true)
  const { url } = lab
  const file = await lab.writeFile('upload', UPLOAD)

  await t.test('h2load: many streams over several connections', async () => {
    await h2load(lab, '/text', TEXT.length, 600, '-c', '4', '-m', '50')
    await h2load(lab, '/pieces', PIECES.length, 300, '-c', '2', '-m', '100')
    // Nothing of a header is remembered from one to the next.
    const forgetful = ['--header-table-size=0', '--encoder-header-table-size=0']
    await h2load(lab, '/h2/text', TEXT.length, 200, '-c', '3', '-m', '20', ...forgetful)
  })

  await t.test('h2load: uploads, each of which arrives as it is', async () => {
    for (const prefix of ['', '/h2'])
      await h2load(lab, `${prefix}/sum`, sumOf(UPLOAD).length, 60, '-c', '2', '-m', '10', '-d', file)
    assert.deepEqual([...lab.origin.sums], [sumOf(UPLOAD)])
  })

  await t.test('h2load: small windows', async () => {
    for (const prefix of ['', '/h2'])
      await h2load(lab, `${prefix}/bytes/70000`, 70_000, 60, '-c', '2', '-m', '15', '-w', '12', '-W', '16')
  })

  await t.test('h2load: headers that come in CONTINUATION frames, near the limit', async () => {
    await h2load(lab, '/text', TEXT.length, 200, '-c', '2', '-m', '10', '-H', `x-long: ${'a~'.repeat(7_500)}`)
    const tooLong = ['-n', '20', '-m', '5', '-H', `x-long: ${'a~'.repeat(8_500)}`, `${url}/text`]
    const { stdout } = await assertCounted(lab, { 431: 20 }, () => runTool('h2load', ...tooLong), 0)
    assert.match(stdout, /status codes: 0 2xx, 0 3xx, 20 4xx, 0 5xx/)
  })

  await t.test('h2load: HTTP/1.1 over TLS, also before a backend of HTTP/2', async () => {
    await h2load(lab, '/text', TEXT.length, 200, '--h1', '-c', '8')
    await h2load(lab, '/h2/text', TEXT.length, 200, '--h1', '-c', '8')
    await h2load(lab, '/h2/bytes/500000', 500_000, 60, '--h1', '-c', '20')
  })

  await t.test('nghttp: large downloads side by side, which share the window of their session', async () => {
    for (const prefix of ['', '/h2'])
      await assertCounted(lab, { 200: 30 }, () => nghttp('-ns', '-m', '30', `${url}${prefix}/bytes/1000000`))
  })

  await t.test('nghttp: trailers, both ways', async () => {
    const words = ['-d', file, '--trailer', 'x-sum: 1']
    const { trailers } = JSON.parse(await nghttp(...words, `${url}/h2/seen`)) as { trailers: object }
    assert.deepEqual({ ...trailers }, { 'x-sum': '1' })
    for (const prefix of ['', '/h2'])
      assert.match(await nghttp('-v', '-H', 'te: trailers', `${url}${prefix}/pieces`), /\) x-sum: 100$/m)
  })

  await t.test('nghttp: interim responses, a 100 that is asked for among them', async () => {
    assert.match(await nghttp('-v', `${url}/hints`), /:status: 103\n[^]*rel=preload\n[^]*:status: 200/)
    const told = await nghttp('-v', '--expect-continue', '-d', file, `${url}/sum`)
    assert.match(told, /:status: 100\n[^]*:status: 200/)
    assert.ok(told.includes(sumOf(UPLOAD)))
  })

  await t.test('nghttp: a refusal that comes before the end of the upload', async () => {
    const large = await lab.writeFile('large', bytes(4_000_000))
    assert.match(await nghttp('-v', '-d', large, `${url}/refused`), /:status: 403/)
  })
})
