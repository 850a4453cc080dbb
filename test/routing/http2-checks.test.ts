import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { countHttp2Fields, isMethodTaken } from '../../src/routing/http2-checks.ts'
import { checkMessage, type RequestHead } from '../../src/routing/message-checks.ts'

const MAX_HEADERS = 100

/** The head of a request over HTTP/2 as Node has it. */
function head(pseudo: Record<string, string | undefined> = {}, fields: string[] = []): RequestHead {
  const all = { ':method': 'GET', ':scheme': 'https', ':path': '/x', ':authority': 'shop.test', ...pseudo }
  const rawHeaders = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value]
  )
  rawHeaders.push(...fields)
  const headers: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers[rawHeaders[index]!] ??= rawHeaders[index + 1]!
  return { method: all[':method'], url: all[':path'], httpVersion: '2.0', headers, rawHeaders }
}

function reason(request: RequestHead): string | undefined {
  return checkMessage(request, MAX_HEADERS)?.reason
}

suite('the head of a request over HTTP/2', () => {
  test('has its authority as the Host from now on', () => {
    const request = head()
    assert.equal(reason(request), undefined)
    assert.equal(request.headers.host, 'shop.test')
  })

  test('may have a Host instead of an authority, or the same beside it', () => {
    const alone = head({ ':authority': undefined }, ['host', 'own.test'])
    assert.equal(reason(alone), undefined)
    assert.equal(alone.headers.host, 'own.test')
    assert.equal(reason(head({}, ['host', 'SHOP.test'])), undefined)
  })

  test('must not name two, none, or an invalid one', () => {
    assert.equal(reason(head({}, ['host', 'other.test'])), 'host_mismatch')
    assert.equal(reason(head({}, ['host', 'shop.test', 'host', 'shop.test'])), 'host_count')
    assert.equal(reason(head({ ':authority': undefined })), 'host_count')
    for (const authority of ['', 'user@shop.test', 'a b', 'shop.test:x', 'a/b'])
      assert.equal(reason(head({ ':authority': authority })), 'host_invalid', authority)
  })

  test('has a scheme of HTTP', () => {
    assert.equal(reason(head({ ':scheme': 'http' })), undefined)
    assert.equal(reason(head({ ':scheme': 'ftp' })), 'scheme_invalid')
    assert.equal(reason(head({ ':scheme': undefined })), 'scheme_invalid')
  })

  test('has a path, or asks about the server', () => {
    assert.equal(reason(head({ ':method': 'OPTIONS', ':path': '*' })), undefined)
    for (const path of ['*', '', 'x', 'http://shop.test/', '/a#b'])
      assert.equal(reason(head({ ':path': path })), 'target_invalid', path)
  })

  test('has no transfer coding', () => {
    assert.equal(reason(head({}, ['transfer-encoding', 'chunked'])), 'transfer_encoding')
  })

  test('has so many fields and no more; pseudo-header fields are none, and the crumbs of a cookie one', () => {
    const fields = (count: number): string[] =>
      Array.from({ length: count }, (_, n) => [`x-${n}`, '1']).flat()
    const crumbs = Array.from({ length: 100 }, (_, n) => ['cookie', `c${n}=1`]).flat()
    assert.equal(reason(head({}, fields(MAX_HEADERS))), undefined)
    assert.equal(reason(head({}, [...fields(MAX_HEADERS - 1), ...crumbs])), undefined)
    assert.equal(reason(head({}, fields(MAX_HEADERS + 1))), 'too_many_headers')
    assert.equal(reason(head({}, [...fields(MAX_HEADERS), ...crumbs])), 'too_many_headers')
    assert.equal(countHttp2Fields([':path', '/', 'cookie', 'a', 'x', '1', 'cookie', 'b']), 2)
  })
})

test('the methods of HTTP/1.1 are taken, a tunnel and unknown ones are not', () => {
  for (const method of ['GET', 'POST', 'QUERY', 'PROPFIND', 'TRACE']) assert.ok(isMethodTaken(method), method)
  for (const method of ['CONNECT', 'FOO', 'get', '']) assert.ok(!isMethodTaken(method), method)
})
