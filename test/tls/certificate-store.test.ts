import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { before, suite, test } from 'node:test'
import { CertificateError } from '../../src/tls/certificate.ts'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { until } from '../helpers/until.ts'
import { filesIn, publish, startStore } from './store.ts'

/** Longer than a change takes until it is read and, if it is bad, told. */
const SETTLED = 1_800

let authority: Authority
let [first, second, third]: IssuedCertificate[] = []

before(async () => {
  authority = await createAuthority()
  const issued = Array.from({ length: 3 }, () => authority.issue(['a.example']))
  ;[first, second, third] = await Promise.all(issued)
})

suite('at the start', () => {
  test('all are handed out in their order, with ticket keys and nothing told', async (t) => {
    const folder = await temporaryFolder(t, {})
    const files = await publish(folder, first!)
    const { handedOut, events } = await startStore(t, [files, { ...second!, hosts: ['a.example'] }])
    assert.deepEqual(
      handedOut[0]?.certificates,
      [first!, second!].map(({ cert, key }) => ({ cert, key, hosts: ['a.example'] }))
    )
    assert.equal(handedOut[0].ticketKeys.byteLength, 48)
    assert.equal(handedOut.length, 1)
    assert.deepEqual(events, [])
  })

  test('none is no error, and nothing is handed out', async (t) => {
    const { handedOut } = await startStore(t, [])
    assert.deepEqual(handedOut, [])
  })

  test('a bad one is an error', async (t) => {
    await assert.rejects(startStore(t, [{ cert: first!.cert, key: second!.key }]), (error) => {
      assert.ok(error instanceof CertificateError)
      return error.reason === 'key_mismatch'
    })
  })
})

suite('while it serves', () => {
  test('a certificate and its key that come one after the other are taken once both are there', async (t) => {
    const folder = await temporaryFolder(t, {})
    const files = await publish(folder, first!)
    const { certs, told, handedOut } = await startStore(t, [files])
    await writeFile(files.cert, second!.cert)
    // Longer than changes are collected: it is read while only one of them is there.
    await delay(350)
    await writeFile(files.key, second!.key)
    await until('the new one is handed out', () => certs()[0] === second!.cert)
    await delay(SETTLED)
    assert.deepEqual(told(), ['renewed server.tls.certificates[0]'])
    assert.equal(handedOut.length, 2)
  })

  test('a bad one is told once, with its reason, and the old one stays; a good one ends that', async (t) => {
    const folder = await temporaryFolder(t, {})
    const files = await publish(folder, first!)
    const { certs, told, events } = await startStore(t, [{ ...files, hosts: ['a.example'] }])
    const old = await authority.issue(['a.example'], { from: '20200101000000Z', to: '20210101000000Z' })
    const other = await authority.issue(['b.example'])
    const steps: [IssuedCertificate, string][] = [
      [{ ...second!, key: third!.key }, '.key key_mismatch'],
      [old, '.cert expired'],
      [other, '.hosts[0] hosts_mismatch'],
      [{ ...second!, cert: 'x' }, '.cert not_a_certificate']
    ]
    for (const [index, [bad]] of steps.entries()) {
      await publish(folder, bad)
      await until('it is told', () => events.length === index + 1)
    }
    await rm(files.cert)
    await until('its absence is told', () => events.length === steps.length + 1)
    assert.deepEqual(
      told(),
      [...steps.map(([, what]) => what), '.cert unreadable'].map(
        (what) => `refused server.tls.certificates[0]${what}`
      )
    )
    // Something else happens in the folder, and the same again.
    await writeFile(files.key, 'x')
    await delay(SETTLED)
    assert.equal(events.length, steps.length + 1)
    assert.deepEqual(certs(), [first!.cert])
    await publish(folder, second!)
    await until('the good one is handed out', () => certs()[0] === second!.cert)
    const renewal = events.at(-1)
    assert.deepEqual([renewal?.state, renewal?.hosts], ['renewed', ['a.example']])
    assert.ok(Date.parse(renewal?.expires ?? '') > Date.now())
  })

  test('a fault that comes back after a good one is told again', async (t) => {
    const folder = await temporaryFolder(t, {})
    await publish(folder, first!)
    const { told, certs } = await startStore(t, [filesIn(folder)])
    const mismatch = { ...second!, key: third!.key }
    await publish(folder, mismatch)
    await until('it is told', () => told().length === 1)
    await publish(folder, second!)
    await until('the good one is handed out', () => certs()[0] === second!.cert)
    await publish(folder, mismatch)
    await until('it is told again', () => told().length === 3)
    assert.deepEqual(told(), [
      'refused server.tls.certificates[0].key key_mismatch',
      'renewed server.tls.certificates[0]',
      'refused server.tls.certificates[0].key key_mismatch'
    ])
  })

  test('one bad certificate does not hold up another', async (t) => {
    const folder = await temporaryFolder(t, {})
    const [one, two] = [await publish(folder, first!, 'one'), await publish(folder, second!, 'two')]
    const { certs, told } = await startStore(t, [one, two])
    await writeFile(one.key, 'x')
    await publish(folder, third!, 'two')
    await until('the good one is handed out', () => certs()[1] === third!.cert)
    assert.equal(certs()[0], first!.cert)
    await until('the bad one is told', () => told().length === 2)
    assert.deepEqual(told().toSorted(), [
      'refused server.tls.certificates[0].key not_a_key',
      'renewed server.tls.certificates[1]'
    ])
  })
})

suite('a new configuration', () => {
  test('a known entry that is bad now goes on with what it has; that is told again each time', async (t) => {
    const folder = await temporaryFolder(t, {})
    const files = await publish(folder, first!)
    const { store, certs, told } = await startStore(t, [files])
    await writeFile(files.key, 'x')
    for (const hosts of [undefined, ['a.example']]) {
      const staged = await store.stage([{ ...files, ...(hosts && { hosts }) }])
      assert.deepEqual(staged.findings, [])
      await store.use(staged)
    }
    assert.deepEqual(certs(), [first!.cert])
    const refusals = told().filter((event) => event.includes('not_a_key'))
    assert.ok(refusals.length >= 2, told().join('\n'))
  })

  test('an entry that is new and bad, or known and for other hosts now, is an error of the configuration', async (t) => {
    const folder = await temporaryFolder(t, {})
    const files = await publish(folder, first!)
    const { store, handedOut } = await startStore(t, [files])
    const { findings } = await store.stage([
      { ...files, hosts: ['b.example'] },
      { cert: `${files.cert}.new`, key: files.key }
    ])
    assert.deepEqual(
      findings.map(({ path }) => path.join('.')),
      ['server.tls.certificates.0.hosts.0', 'server.tls.certificates.1.cert']
    )
    assert.equal(handedOut.length, 1, 'nothing has changed')
  })

  test('a new entry whose key comes a moment later is taken', async (t) => {
    const folder = await temporaryFolder(t, {})
    const { store, certs } = await startStore(t, [first!])
    const staging = store.stage([await publish(folder, { ...second!, key: '' })])
    await delay(100)
    const staged = (await publish(folder, second!), await staging)
    assert.deepEqual(staged.findings, [])
    await store.use(staged)
    assert.deepEqual(certs(), [second!.cert])
  })

  test('the ticket keys stay, also while TLS is off for a time', async (t) => {
    const { store, handedOut } = await startStore(t, [first!])
    await store.use(await store.stage([]))
    await store.use(await store.stage([second!]))
    assert.equal(handedOut.length, 2)
    assert.deepEqual(handedOut[0]?.ticketKeys, handedOut[1]?.ticketKeys)
  })

  test('the files of an entry that is gone are no longer followed', async (t) => {
    const folder = await temporaryFolder(t, {})
    const files = await publish(folder, first!)
    const { store, certs, handedOut } = await startStore(t, [files])
    await store.use(await store.stage([third!]))
    await publish(folder, second!)
    await delay(SETTLED)
    assert.deepEqual(certs(), [third!.cert])
    assert.equal(handedOut.length, 2)
  })
})
