import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, suite, test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import type { CertificateConfig } from '../../src/config/types.ts'
import { type Certificate, CertificateError, readCertificate } from '../../src/tls/certificate.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'

const run = promisify(execFile)

let authority: Authority
let good: IssuedCertificate

before(async () => {
  authority = await createAuthority()
  good = await authority.issue(['shop.example.com', '*.API.example.com', '10.0.0.1'])
})

async function read(config: CertificateConfig, index = 0, now = Date.now()): Promise<Certificate> {
  return await readCertificate(config, index, now)
}

/** Expects a certificate to be refused; what is said must not hold a line of the key. */
async function refused(config: CertificateConfig, index = 0, now = Date.now()): Promise<CertificateError> {
  const error = await read(config, index, now).then(
    () => assert.fail('it was taken'),
    (failure: unknown) => failure
  )
  assert.ok(error instanceof CertificateError, String(error))
  const said = JSON.stringify([error.message, error.finding, error.stack])
  for (const line of good.key.split('\n')) assert.ok(line === '' || !said.includes(line), said)
  assert.equal(error.message, `${error.path}: ${error.finding.message}`)
  return error
}

async function onDisk(
  t: TestContext,
  { cert, key }: IssuedCertificate
): Promise<{ cert: string; key: string }> {
  const folder = await temporaryFolder(t, { 'tls.crt': cert, 'tls.key': key })
  return { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
}

suite('a certificate that can serve', () => {
  test('is read from files, or is PEM in the configuration', async (t) => {
    for (const config of [await onDisk(t, good), good]) {
      const { cert, key, hosts, expires } = await read(config)
      assert.deepEqual({ cert, key }, good)
      assert.deepEqual(hosts, ['shop.example.com', '*.api.example.com'])
      assert.ok(Math.abs(expires - Date.now() - 365 * 86_400_000) < 86_400_000)
    }
  })

  test('has a chain behind it, and text between', async () => {
    const cert = `${good.cert}\nThe authority:\n${authority.ca}`
    assert.equal((await read({ ...good, cert })).cert, cert)
  })

  test('may be for some of its names only, and for what its wildcard covers', async () => {
    for (const hosts of [['shop.example.com'], ['*.api.example.com'], ['v1.api.example.com']])
      assert.deepEqual((await read({ ...good, hosts })).hosts, hosts)
  })

  test('may be for addresses alone when it is the first', async () => {
    const config = await authority.issue(['127.0.0.1'])
    assert.deepEqual((await read(config)).hosts, [])
    const { reason, path } = await refused(config, 1)
    assert.deepEqual([reason, path], ['hosts_mismatch', 'server.tls.certificates[1].cert'])
  })
})

suite('a certificate that cannot serve is refused with its reason, its place and what was expected', () => {
  test('a file that cannot be read', async (t) => {
    const files = await onDisk(t, good)
    const missing = await refused({ ...files, key: `${files.key}.old` })
    assert.deepEqual([missing.reason, missing.path], ['unreadable', 'server.tls.certificates[0].key'])
    assert.equal(missing.finding.message, 'expected a readable PEM file, got ENOENT')
    const folder = await refused({ ...files, cert: join(files.cert, '..') }, 2)
    assert.deepEqual([folder.reason, folder.path], ['unreadable', 'server.tls.certificates[2].cert'])
    if (process.getuid?.() === 0) return
    await chmod(files.key, 0)
    assert.match((await refused(files)).message, /got EACCES$/)
  })

  test('a file that is no certificate', async (t) => {
    const files = await onDisk(t, good)
    const cut = good.cert.slice(0, good.cert.length / 2)
    for (const text of ['', 'hello', good.key, cut, good.cert.replace(/M[A-Z]{3}/, 'AAAA')]) {
      await writeFile(files.cert, text)
      const { reason, path } = await refused(files)
      assert.deepEqual([reason, path], ['not_a_certificate', 'server.tls.certificates[0].cert'], text)
    }
  })

  test('a broken chain behind it', async () => {
    const broken = authority.ca.replace(/\n[^]{60}/, '\n')
    const { reason, path } = await refused({ ...good, cert: `${good.cert}${broken}` })
    assert.deepEqual([reason, path], ['not_a_certificate', 'server.tls.certificates[0].cert'])
  })

  test('a key that is too weak for the TLS library', async (t) => {
    const cwd = await temporaryFolder(t, {})
    const args = ['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-subj', '/CN=weak.example']
    await run('openssl', [...args, '-keyout', 'key', '-out', 'cert'], { cwd })
    const { reason, message } = await refused({ cert: join(cwd, 'cert'), key: join(cwd, 'key') })
    assert.equal(reason, 'not_a_certificate')
    assert.match(
      message,
      /expected a certificate and a chain that the TLS library takes, got "ee key too small"/
    )
  })

  test('a file that is no key, or one with a passphrase', async (t) => {
    const files = await onDisk(t, good)
    const locked = createPrivateKey(good.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'secret'
    })
    for (const text of ['', good.cert, good.key.slice(0, 80), locked.toString()]) {
      await writeFile(files.key, text)
      const { reason, path } = await refused(files)
      assert.deepEqual([reason, path], ['not_a_key', 'server.tls.certificates[0].key'], text)
    }
  })

  test("another certificate's key", async () => {
    const { key } = await authority.issue(['shop.example.com'])
    const { reason, path } = await refused({ ...good, key })
    assert.deepEqual([reason, path], ['key_mismatch', 'server.tls.certificates[0].key'])
  })

  test('one of another time', async () => {
    const old = await authority.issue(['a.example'], { from: '20200101000000Z', to: '20210203040506Z' })
    const expired = await refused(old)
    assert.deepEqual([expired.reason, expired.path], ['expired', 'server.tls.certificates[0].cert'])
    assert.match(expired.message, /valid now, got one that expired at 2021-02-03T04:05:06\.000Z$/)
    assert.equal((await read(old, 0, Date.parse('2021-02-03T04:05:06Z'))).hosts[0], 'a.example')
    const early = await refused(old, 0, Date.parse('2019-12-31T23:59:59Z'))
    assert.equal(early.reason, 'not_yet_valid')
    assert.match(early.message, /got one that is not before 2020-01-01T00:00:00\.000Z$/)
  })

  test('one that is not for all hosts', async () => {
    const hosts = ['shop.example.com', 'other.example.com', '*.example.com', 'a.b.api.example.com']
    const { reason, path, message } = await refused({ ...good, hosts })
    assert.deepEqual([reason, path], ['hosts_mismatch', 'server.tls.certificates[0].hosts[1]'])
    assert.match(
      message,
      /expected hosts that the certificate is for \(shop\.example\.com, \*\.api\.example\.com\), got other\.example\.com, \*\.example\.com, a\.b\.api\.example\.com$/
    )
  })
})
