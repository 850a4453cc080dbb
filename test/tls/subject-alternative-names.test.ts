import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dnsNames } from '../../src/tls/subject-alternative-names.ts'

test('DNS names come in lower case, once each; nothing else does', () => {
  assert.deepEqual(dnsNames('DNS:A.example, IP Address:10.0.0.1, DNS:*.b.Example, DNS:a.example'), [
    'a.example',
    '*.b.example'
  ])
  assert.deepEqual(dnsNames(undefined), [])
  assert.deepEqual(dnsNames('IP Address:10.0.0.1, email:DNS:a@b'), [])
})

test('a name that is quoted is none, and hides none in itself', () => {
  const text = String.raw`DNS:"a.example, DNS:evil.example", DNS:"x\", DNS:worse.example", DNS:c.example`
  assert.deepEqual(dnsNames(text), ['c.example'])
})
