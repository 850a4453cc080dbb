import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { runTool, type ToolOutput } from '../helpers/run-tool.ts'
import { assertCounted, type InteropLab, startInteropLab } from './lab.ts'
import { bytes, PIECES, sumOf, TEXT, ZIPPED } from './origin.ts'

const UPLOAD = bytes(1_500_000)
const VERSIONS = ['--http1.0', '--http1.1', '--http2'] as const

/** Runs curl, without progress but with errors. */
async function run(lab: InteropLab, ...words: readonly string[]): Promise<ToolOutput> {
  return await runTool('curl', '-sS', '--max-time', '20', '--cacert', lab.caFile, ...words)
}

/** Runs it where nothing may fail. @returns What came. */
async function curl(lab: InteropLab, ...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(lab, ...words)
  assert.deepEqual([code, stderr], [0, ''], words.join(' '))
  return stdout
}

test('curl gets what it asks for, by every version of HTTP, over TLS', async (t) => {
  const lab = await startInteropLab(t, true, { server: { redirect: { port: 0 } } })
  const { url } = lab
  const file = await lab.writeFile('upload', UPLOAD)
  const sum = sumOf(UPLOAD)

  for (const version of VERSIONS) {
    await t.test(`uploads ${version}: whole, in chunks, as a form, and refused in the midst`, async () => {
      // curl asks for a 100 before a large one.
      assert.equal(await curl(lab, version, '-T', file, `${url}/sum`), sum)
      assert.equal(await curl(lab, version, '--data-binary', `@${file}`, `${url}/h2/sum`), sum)
      if (version !== '--http1.0')
        assert.equal(
          await curl(lab, version, '-T', file, '-H', 'Transfer-Encoding: chunked', `${url}/sum`),
          sum
        )
      const form = await curl(lab, version, '-F', `file=@${file}`, `${url}/sum`)
      assert.ok(Number(form.split(' ')[0]) > UPLOAD.length)
      assert.equal(await curl(lab, version, '-T', file, `${url}/refused`, '-w', ' %{http_code}'), 'no 403')
    })

    await t.test(
      `downloads ${version}: in parts, resumed, compressed, without a length, none at all`,
      async () => {
        const part = await lab.writeFile('part', bytes(1_234_567))
        await curl(lab, version, '-C', '-', '-o', part, `${url}/bytes/2000000`)
        assert.ok((await readFile(part)).equals(bytes(2_000_000)))
        const [whole, ranged] = [await lab.writeFile('whole', ''), await lab.writeFile('ranged', '')]
        await curl(lab, version, '-o', whole, `${url}/h2/bytes/2000000`)
        assert.ok((await readFile(whole)).equals(bytes(2_000_000)))
        await curl(lab, version, '-r', '1000-1999', '-o', ranged, `${url}/h2/bytes/2000000`)
        assert.ok((await readFile(ranged)).equals(bytes(2_000).subarray(1_000)))
        assert.equal(await curl(lab, version, '--compressed', `${url}/gzip`), ZIPPED)
        assert.equal(await curl(lab, version, '--tr-encoding', `${url}/pieces`), PIECES)
        assert.equal(await curl(lab, version, `${url}/untold`), TEXT + TEXT)
        assert.match(await curl(lab, version, '-I', `${url}/bytes/77`), /^content-length: 77\r$/im)
      }
    )

    await t.test(`methods and targets ${version}`, async () => {
      for (const method of ['DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'M-SEARCH', 'PURGE']) {
        const seen = JSON.parse(await curl(lab, version, '-X', method, `${url}/seen?a=%2f&b`)) as object
        assert.deepEqual({ ...seen, headers: 0 }, { method, url: '/seen?a=%2f&b', headers: 0, trailers: {} })
      }
      assert.equal(await curl(lab, version, '-X', 'FOO', '-o', '/dev/null', '-w', '%{http_code}', url), '501')
      for (const path of ['/seen/../x', '/seen/%2e%2e/x', '/./seen']) {
        const words = ['--path-as-is', '-o', '/dev/null', '-w', '%{http_code}']
        assert.equal(await curl(lab, version, ...words, url + path), '400', path)
      }
    })

    await t.test(`a plain address ${version} leads to where all is served, uploads too`, async () => {
      const told = await curl(
        lab,
        version,
        '-L',
        '-T',
        file,
        `${lab.gateway.redirectUrl!}/sum`,
        '-w',
        ' %{num_redirects}'
      )
      assert.equal(told, `${sum} 1`)
    })
  }

  await t.test('one connection carries many requests, and each is counted', async () => {
    const urls = Array.from({ length: 30 }, () => ['-o', '/dev/null', `${url}/pieces`]).flat()
    for (const version of ['--http1.1', '--http2']) {
      const told = await assertCounted(lab, { 200: 30 }, () =>
        curl(lab, version, ...urls, '-w', '%{num_connects}')
      )
      assert.equal(told, `1${'0'.repeat(29)}`)
    }
  })

  await t.test('many downloads side by side, over HTTP/2', async () => {
    const urls = Array.from({ length: 30 }, () => ['-o', '/dev/null', `${url}/bytes/1000000`]).flat()
    const words = ['--http2', '-Z', '--parallel-max', '30', '-w', String.raw`%{size_download} %{exitcode}\n`]
    const { stdout } = await assertCounted(lab, { 200: 30 }, () => run(lab, ...words, ...urls))
    assert.equal(stdout, '1000000 0\n'.repeat(30))
  })
})

test('curl on a plain port', async (t) => {
  const lab = await startInteropLab(t, false)
  const { url } = lab
  const file = await lab.writeFile('upload', UPLOAD)

  await t.test('that offers HTTP/2 is served over HTTP/1.1, its upload too', async () => {
    for (const words of [
      ['-d', 'some'],
      ['-T', file],
      ['-T', file, '-H', 'Transfer-Encoding: chunked']
    ]) {
      const body = words[0] === '-d' ? 'some' : UPLOAD
      assert.equal(
        await curl(lab, '--http2', ...words, `${url}/sum`, '-w', ' %{http_version}'),
        `${sumOf(body)} 1.1`
      )
    }
  })

  await t.test('that takes HTTP/2 for granted is told that this is not HTTP', async () => {
    const { code, stderr } = await run(lab, '--http2-prior-knowledge', `${url}/text`)
    assert.notEqual(code, 0)
    assert.notEqual(stderr, '')
    const { stdout } = await runTool('nghttp', '-v', `${url}/text`)
    assert.match(stdout, /peer does not support HTTP\/2/)
    assert.equal(await curl(lab, `${url}/text`), TEXT)
  })

  await t.test('keeps a connection of HTTP/1.0 only when it asks for that', async () => {
    const twice = [
      '-o',
      '/dev/null',
      `${url}/text`,
      '-o',
      '/dev/null',
      `${url}/text`,
      '-w',
      '%{num_connects}'
    ]
    assert.equal(await curl(lab, '--http1.0', ...twice), '11')
    assert.equal(await curl(lab, '--http1.0', '-H', 'Connection: keep-alive', ...twice), '10')
    assert.equal(await curl(lab, '-H', 'Connection: close', ...twice), '11')
  })
})
