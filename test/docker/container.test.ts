import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startBackend } from '../helpers/backend.ts'
import { until } from '../helpers/until.ts'
import { startContainer, whyNone } from './container.ts'

const why = whyNone()

test(
  'the image serves as process 1 without root, shell or a place to write, leaves no zombie, and drains when it is told to stop',
  { skip: why && `not here: ${why}` },
  async (t) => {
    const document = { openapi: '3.1.0', info: { title: 'Catalog', version: '1' }, paths: {} }
    const backend = await startBackend(t, 'a', ({ url }, response) => {
      if (url === '/openapi.json') response.end(JSON.stringify(document))
      else setTimeout(() => response.end('done'), url === '/slow' ? 700 : 0)
    })
    const container = await startContainer(
      t,
      `server: { host: 127.0.0.1, port: 0, workers: 1, shutdown: { delay: 100ms } }
admin: { port: 0 }
upstreams: { catalog: { backends: ['${backend.url}'], openapi: /openapi.json } }
routes: [{ path: /, upstream: catalog }]
`
    )
    const serves = /^xecureapi serves (\S+), admin \S+:(\d+)$/m
    await until('it serves', () => {
      if (container.stderr() !== '') throw new Error(container.stderr())
      return serves.test(container.stdout())
    })
    const [, url, adminPort] = serves.exec(container.stdout()) ?? []
    assert.equal(await (await fetch(`${url}/`)).text(), 'done')

    const status = await readFile(`/proc/${container.init}/status`, 'utf8')
    assert.match(status, /^NSpid:\t\d+\t1$/m)
    assert.match(status, /^Uid:(?:\t1000){4}$/m)
    assert.match(status, /^Groups:\t\s*$/m)
    assert.match(status, /^NoNewPrivs:\t1$/m)
    assert.match(status, /^CapEff:\t0+$/m)
    const look = `
      const { existsSync, writeFileSync } = require('node:fs')
      const tried = ['/app/x', '/tmp/x', '/app/gateway.yaml'].map((path) => {
        try { return writeFileSync(path, '') } catch ({ code }) { return code }
      })
      const shell = require('node:child_process').spawnSync('sh').error?.code
      console.log(JSON.stringify([tried, shell, existsSync('/bin/sh'), existsSync('/app/node_modules/typescript')]))`
    const { stdout: seen, stderr } = await container.node('--eval', look)
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(seen), [['EROFS', 'ENOENT', 'EROFS'], 'ENOENT', false, false])

    // The image's own, at the port that the admin API has here.
    const check = container.healthCheck.map((word) => word.replace(':9090/', `:${adminPort}/`))
    assert.notDeepEqual(check, container.healthCheck)
    assert.deepEqual(await container.node(...check), { code: 0, stdout: '', stderr: '' })
    const wrong = container.healthCheck.map((word) => word.replace(':9090/', ':1/'))
    assert.equal((await container.node(...wrong)).code, 1)

    // Its only child reads and composes the services' documents, and goes when there is nothing to do.
    const { info } = (await (await fetch(`${url}/openapi.json`)).json()) as { info?: object }
    assert.ok(info)
    await until('its child has gone', async () => (await container.children()).length === 0)

    const slow = fetch(`${url}/slow`)
    await until('it is under way', () => backend.requests() >= 2)
    container.kill('SIGTERM')
    assert.equal(await (await slow).text(), 'done')
    assert.deepEqual(await container.ended, { code: 0, signal: null })
    assert.match(container.stdout(), /"cut":0,"msg":"stopped"/)
  }
)
