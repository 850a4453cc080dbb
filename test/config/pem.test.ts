import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { checkPem, redactPem, resolvePem } from '../../src/config/pem.ts'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const KEYS = {
  pkcs8: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  sec1: privateKey.export({ type: 'sec1', format: 'pem' })
} as const
const DER = {
  pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }),
  sec1: privateKey.export({ type: 'sec1', format: 'der' })
} as const
const EXPECTED = 'the path of a PEM file, or PEM text of a private key with all its lines'

suite('PEM text', () => {
  test('is a key by the label of any of its blocks, however its lines end', () => {
    for (const pem of Object.values(KEYS).map(String)) {
      assert.equal(checkPem(pem, 'private key'), undefined)
      assert.equal(checkPem(pem.replaceAll('\n', '\r\n'), 'private key'), undefined)
      assert.equal(
        checkPem(`-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n${pem}`, 'private key'),
        undefined
      )
      assert.match(checkPem(pem, 'certificate') ?? '', /of a certificate/)
    }
  })

  test('is none with its line breaks gone or written out', () => {
    for (const lineBreak of [' ', '', '\\n']) {
      assert.equal(checkPem(String(KEYS.pkcs8).replaceAll('\n', lineBreak), 'private key'), EXPECTED)
    }
  })

  test('of a certificate request is no certificate', () => {
    const request = '-----BEGIN CERTIFICATE REQUEST-----\nAA\n-----END CERTIFICATE REQUEST-----\n'
    assert.match(checkPem(request, 'certificate') ?? '', /of a certificate/)
  })
})

suite('what is no PEM text', () => {
  test('is a path', () => {
    for (const path of [
      'shop.key',
      '/run/secrets/shop key',
      'MIIB/keys',
      'Müller.pem',
      'LS0tLS1CRUdJTiBQUklWQVRF.pem'
    ]) {
      assert.equal(checkPem(path, 'private key'), undefined, path)
    }
  })

  test('is no path with line breaks, or as the base64 of a key', () => {
    const encoded = [...Object.values(DER), ...Object.values(KEYS).map((pem) => Buffer.from(pem))].map(
      (bytes) => bytes.toString('base64')
    )
    for (const text of ['a\nb', 'a\0b', ...encoded])
      assert.equal(checkPem(text, 'private key'), EXPECTED, text)
  })

  test('resolves from the folder, and PEM text to what starts with its first block', () => {
    assert.equal(resolvePem('/etc/gateway', 'tls/a.key'), '/etc/gateway/tls/a.key')
    assert.equal(resolvePem('/etc/gateway', '/run/a.key'), '/run/a.key')
    assert.equal(resolvePem('/etc/gateway', `\uFEFFsubject=a\n${String(KEYS.sec1)}`), KEYS.sec1)
  })
})

test('PEM is taken out of what is printed, whole or cut off', () => {
  const pem = String(KEYS.pkcs8)
  assert.equal(redactPem(`a ${JSON.stringify(pem)} b ${pem} c`), 'a "-----BEGIN…\\n" b -----BEGIN…\n c')
  assert.equal(redactPem(pem.slice(0, 60)), '-----BEGIN…')
  assert.equal(redactPem('a "-----BEGIN…" b'), 'a "-----BEGIN…" b')
  assert.equal(redactPem('nothing to see'), 'nothing to see')
})
