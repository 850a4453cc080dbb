import assert from 'node:assert/strict'
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { before, suite, test, type TestContext } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { startBackend } from '../helpers/backend.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { CRASHING_WORKER, crashWorker } from '../helpers/crash-worker.ts'
import { collectEvents, type RawConfig, startGateway, type TestGatewayOptions } from '../helpers/gateway.ts'
import { fingerprintOf, sClient, secureClient } from '../helpers/secure-client.ts'
import { until } from '../helpers/until.ts'

/** So many connections reach all threads. */
const MANY = 24

let authority: Authority
let [first, second, third]: IssuedCertificate[] = []

before(async () => {
  authority = await createAuthority()
  const issued = Array.from({ length: 3 }, () => authority.issue(['localhost', '127.0.0.1']))
  ;[first, second, third] = await Promise.all(issued)
})

function configOf(backend: string, certificates: readonly object[], server: object = {}): RawConfig {
  return {
    server: { tls: { certificates }, ...server },
    upstreams: { catalog: { backends: [backend] } },
    routes: [{ path: '/', upstream: 'catalog' }]
  }
}

/** Writes a file beside another and renames it over that. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

/** A gateway with one certificate in a folder of its own. */
async function startSecure(t: TestContext, options: TestGatewayOptions) {
  const folder = await temporaryFolder(t, { 'tls.crt': first!.cert, 'tls.key': first!.key })
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  const backend = await startBackend(t, 'a')
  const front = await startGateway(t, configOf(backend.url, [{ cert, key }]), options)
  const connect = (of = t) => secureClient(of, front.url, { ca: authority.ca })
  return {
    ...front,
    backend,
    cert,
    key,
    connect,
    events: collectEvents(front.gateway, 'certificate'),
    publish: async (issued: IssuedCertificate): Promise<void> => {
      await replace(cert, issued.cert)
      await replace(key, issued.key)
    },
    /** Fingerprints that many new connections see. */
    shown: async (): Promise<string[]> => {
      const clients = await Promise.all(Array.from({ length: MANY }, () => connect()))
      for (const { socket } of clients) socket.destroy()
      return [...new Set(clients.map(({ fingerprint }) => fingerprint))]
    }
  }
}

for (const workers of [0, 2]) {
  suite(`certificates of a running gateway, with ${workers} workers`, () => {
    test('a new one is shown to new connections, those that are there go on', async (t) => {
      const { url, gateway, connect, publish, shown, events } = await startSecure(t, { workers })
      assert.match(url, /^https:/)
      const old = await connect()
      assert.match(await old.get(), /^HTTP\/1\.1 200 /)
      assert.deepEqual(await shown(), [fingerprintOf(first!.cert)])
      await publish(second!)
      await until('it is told', () => events.length === 1)
      assert.deepEqual(
        events.map(({ state, path }) => [state, path]),
        [['renewed', 'server.tls.certificates[0]']]
      )
      assert.deepEqual(await shown(), [fingerprintOf(second!.cert)])
      assert.match(await old.get(), /^HTTP\/1\.1 200 /)
      assert.match(await (await connect()).get(), /^HTTP\/1\.1 200 /)
      const said = await sClient(url, '-showcerts')
      assert.ok(said.includes(second!.cert.split('\n')[3] ?? '?'), said)
      assert.equal(gateway.readiness.generation, 1, 'it is no new generation')
    })

    test('a bad one is refused with its reason, and the one before stays', async (t) => {
      const { connect, publish, shown, events } = await startSecure(t, { workers })
      const past = { from: '20200101000000Z', to: '20210101000000Z' }
      const expired = await authority.issue(['localhost', '127.0.0.1'], past)
      await publish({ ...second!, key: third!.key })
      await until('it is told', () => events.length === 1)
      assert.deepEqual(await shown(), [fingerprintOf(first!.cert)])
      await publish(expired)
      await until('it is told', () => events.length === 2)
      assert.deepEqual(
        events.map(({ state, path, reason }) => [state, path, reason]),
        [
          ['refused', 'server.tls.certificates[0].key', 'key_mismatch'],
          ['refused', 'server.tls.certificates[0].cert', 'expired']
        ]
      )
      assert.deepEqual(await shown(), [fingerprintOf(first!.cert)])
      assert.match(await (await connect()).get(), /^HTTP\/1\.1 200 /)
      await publish(second!)
      await until('the good one is told', () => events.length === 3)
      assert.deepEqual(await shown(), [fingerprintOf(second!.cert)])
    })

    test('rotations under new connections cost none of them a handshake or a response', async (t) => {
      const { connect, publish, events } = await startSecure(t, { workers })
      const running = new AbortController()
      const seen = new Map<string, number>()
      const failures: unknown[] = []
      const clients = Array.from({ length: 4 }, async () => {
        while (!running.signal.aborted) {
          try {
            const client = await connect()
            assert.match(await client.get(), /^HTTP\/1\.1 200 /)
            seen.set(client.fingerprint, (seen.get(client.fingerprint) ?? 0) + 1)
            client.socket.destroy()
          } catch (error) {
            failures.push(error)
          }
        }
      })
      for (const [index, issued] of [second!, third!, first!, second!, third!].entries()) {
        await publish(issued)
        await until('it is told', () => events.length === index + 1)
        const before = seen.get(fingerprintOf(issued.cert)) ?? 0
        await until('it is in use', () => (seen.get(fingerprintOf(issued.cert)) ?? 0) > before)
      }
      running.abort()
      await Promise.all(clients)
      assert.deepEqual(failures, [])
      assert.equal(seen.size, 3)
      assert.deepEqual([...new Set(events.map(({ state }) => state))], ['renewed'])
    })

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`a session goes on in any thread, with ${version}`, async (t) => {
        const { url, connect, publish, events } = await startSecure(t, { workers })
        const options = { ca: authority.ca, minVersion: version, maxVersion: version }
        const origin = await secureClient(t, url, options)
        // Tickets of TLS 1.3 come behind the handshake.
        assert.match(await origin.get(), /^HTTP\/1\.1 200 /)
        const session = await origin.session
        assert.equal(origin.socket.isSessionReused(), false)
        const resumed = async (): Promise<number> => {
          let count = 0
          for (let turn = 0; turn < MANY; turn++) {
            const { socket, get } = await secureClient(t, url, { ...options, session })
            if (socket.isSessionReused()) count++
            assert.equal(socket.getProtocol(), version)
            assert.match(await get(), /^HTTP\/1\.1 200 /)
            socket.destroy()
          }
          return count
        }
        assert.equal(await resumed(), MANY)
        await publish(second!)
        await until('another certificate is there', () => events.length === 1)
        assert.equal((await connect()).fingerprint, fingerprintOf(second!.cert))
        assert.equal(await resumed(), MANY, 'a new certificate ends no session')
      })
    }

    test('openssl resumes a session of another connection', async (t) => {
      const { url } = await startSecure(t, { workers })
      const folder = await temporaryFolder(t, {})
      const file = join(folder, 'session')
      for (const version of ['-tls1_2', '-tls1_3']) {
        // It leaves as soon as its input ends, be the tickets of TLS 1.3 there or not.
        await until('there is a session', async () => {
          await sClient(url, version, '-sess_out', file)
          return /^Reused, /m.test(await sClient(url, version, '-sess_in', file))
        })
        for (let turn = 0; turn < 6; turn++)
          assert.match(await sClient(url, version, '-sess_in', file), /^Reused, /m)
      }
    })
  })
}

test('a thread that comes back shows the newest certificate', async (t) => {
  const options = { workers: 2, workerEntry: CRASHING_WORKER }
  const { gateway, publish, shown, events } = await startSecure(t, options)
  const threads = collectEvents(gateway, 'worker')
  await publish(second!)
  await until('the new one is there', () => events.length === 1)
  for (const row of [0, 1]) {
    threads.length = 0
    crashWorker({ row, what: 'throw' })
    await until('it serves again', () => threads.some(({ state }) => state === 'serving'))
    assert.deepEqual(await shown(), [fingerprintOf(second!.cert)])
  }
})

test('a volume whose `..data` link is swapped, as Kubernetes does, is followed', async (t) => {
  const volume = await temporaryFolder(t, {})
  const publish = async (version: string, { cert, key }: IssuedCertificate): Promise<void> => {
    await mkdir(join(volume, version))
    await writeFile(join(volume, version, 'tls.crt'), cert)
    await writeFile(join(volume, version, 'tls.key'), key)
    await symlink(version, join(volume, '..data_tmp'))
    await rename(join(volume, '..data_tmp'), join(volume, '..data'))
  }
  await publish('..1', first!)
  const names = ['tls.crt', 'tls.key']
  for (const name of names) await symlink(join('..data', name), join(volume, name))
  const [cert, key] = names.map((name) => join(volume, name))
  const { url } = await startGateway(t, configOf('http://127.0.0.1:9', [{ cert, key }]))
  const shows = async (): Promise<string> => {
    const { socket, fingerprint } = await secureClient(t, url, { ca: authority.ca })
    socket.destroy()
    return fingerprint
  }
  for (const [version, issued] of [['..2', second!] as const, ['..3', third!] as const]) {
    await publish(version, issued)
    await until('it is shown', async () => (await shows()) === fingerprintOf(issued.cert))
  }
})

suite('a reload', () => {
  test('with a new entry that is bad fails and names its line; a known one that is bad goes on', async (t) => {
    const front = await startSecure(t, { workers: 2 })
    const { gateway, write, backend, cert, key, shown, events, adminUrl } = front
    const entries = [
      { cert, key },
      { cert: second!.cert, key: third!.key }
    ]
    await write(configOf(backend.url, entries))
    const failed = await gateway.reload('admin')
    assert.equal(failed.outcome, 'failed')
    assert.equal(failed.errors.length, 1)
    assert.match(
      failed.errors[0] ?? '',
      /gateway\.yaml:\d+: server\.tls\.certificates\[1\]\.key: expected the key of this certificate/
    )

    await writeFile(key, 'x')
    await until('it is refused', () => events.length > 0)
    const sofar = events.length
    await write(configOf(backend.url, [{ cert, key }], { stallTimeout: '20s' }))
    const { outcome, errors } = await gateway.reload('admin')
    assert.notEqual(outcome, 'failed', errors.join('\n'))
    assert.equal(gateway.readiness.generation, 2)
    assert.ok(events.length > sofar, 'a reload tells it again')
    assert.deepEqual(
      [...new Set(events.map(({ state, path, reason }) => `${state} ${path} ${reason}`))],
      ['refused server.tls.certificates[0].key not_a_key']
    )
    assert.deepEqual(await shown(), [fingerprintOf(first!.cert)])

    const response = await fetch(`${adminUrl}/api/config/validate`, { method: 'POST' })
    const { valid, errors: issues } = (await response.json()) as {
      valid: boolean
      errors: { path: string; text: string }[]
    }
    assert.equal(valid, false)
    assert.deepEqual(
      issues.map(({ path }) => path),
      ['server.tls.certificates[0].key']
    )
    assert.match(issues[0]?.text ?? '', /gateway\.yaml:\d+: .*expected a private key in PEM/)
  })

  test('of the same configuration reads the certificates again', async (t) => {
    const { gateway, cert, key, events, shown } = await startSecure(t, { workers: 0 })
    await writeFile(cert, second!.cert)
    await writeFile(key, second!.key)
    // At once, before the watch has spoken.
    assert.equal((await gateway.reload('signal')).outcome, 'unchanged')
    assert.equal(events.at(-1)?.state, 'renewed')
    assert.deepEqual(await shown(), [fingerprintOf(second!.cert)])
    await delay(600)
    assert.equal(events.length, 1)
  })

  test('turns TLS off and on again', async (t) => {
    for (const workers of [0, 2]) {
      const { gateway, write, backend, cert, key, url, shown } = await startSecure(t, { workers })
      const port = Number(new URL(url).port)
      const apply = async (config: RawConfig): Promise<void> => {
        await write(config)
        const { outcome, errors } = await gateway.reload('admin')
        assert.notEqual(outcome, 'failed', errors.join('\n'))
      }
      await apply({ ...configOf(backend.url, []), server: { port } })
      assert.equal(gateway.url, `http://127.0.0.1:${port}`)
      assert.equal((await fetch(gateway.url)).status, 200)
      await apply(configOf(backend.url, [{ cert, key }], { port }))
      assert.equal(gateway.url, url)
      assert.deepEqual(await shown(), [fingerprintOf(first!.cert)])
    }
  })
})
