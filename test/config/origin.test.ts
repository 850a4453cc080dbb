import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseOrigin } from '../../src/config/origin.ts'

suite('the URL of a backend', () => {
  test('has one form, whatever way it is written', () => {
    const forms = {
      'http://10.0.0.11:3001': 'http://10.0.0.11:3001',
      'http://10.0.0.11:3001/': 'http://10.0.0.11:3001',
      'HTTP://Catalog.Example:80': 'http://catalog.example',
      'https://catalog.example:443/': 'https://catalog.example',
      'https://catalog.example:80': 'https://catalog.example:80',
      'http://[::1]:3001': 'http://[::1]:3001',
      'http://[0:0::1]': 'http://[::1]',
      'http://catalog_1:3001': 'http://catalog_1:3001',
      'http://bücher.example': 'http://xn--bcher-kva.example',
      'http://a:65535': 'http://a:65535'
    }
    for (const [text, origin] of Object.entries(forms)) assert.deepEqual(parseOrigin(text), { origin }, text)
  })

  test('is refused with what was expected', () => {
    const refused = {
      scheme: [
        '',
        'a',
        'a:3001',
        '//a',
        'ftp://a',
        'ws://a',
        'javascript://a',
        'file:///etc/passwd',
        'http:/a',
        'http:a'
      ],
      credentials: ['http://u@a', 'http://u:p@a', 'http://:@a', 'http://@a'],
      path: ['http://a/b', 'http://a//', 'http://a/.', 'http://a?', 'http://a/?x', 'http://a#', 'http:///a'],
      port: [
        'http://a:0',
        'http://a:65536',
        'http://a:-1',
        'http://a:b',
        'http://',
        'http://[::1',
        'http://999.1.1.1'
      ],
      host: ['http://*', 'http://*.a', "http://a'b", 'http://a$b'],
      characters: ['http://a b', ' http://a', 'http://a\n', 'http:\\\\a', 'http://a\\b', 'http://a\u0000']
    }
    const expected: Record<keyof typeof refused, RegExp> = {
      scheme: /http:\/\/ or https:\/\//,
      credentials: /without credentials/,
      path: /without path, query or fragment/,
      port: /port from 1 to 65535/,
      host: /valid host/,
      characters: /without spaces and backslashes|http:\/\/ or https:\/\//
    }
    for (const [reason, texts] of Object.entries(refused) as [keyof typeof refused, string[]][]) {
      for (const text of texts) {
        const result = parseOrigin(text)
        assert.ok('expected' in result, `${text} was accepted`)
        assert.match(result.expected, expected[reason], text)
      }
    }
  })
})
