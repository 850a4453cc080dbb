import assert from 'node:assert/strict'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { runProgram } from '../helpers/child-gateway.ts'
import { runTool } from '../helpers/run-tool.ts'
import { until } from '../helpers/until.ts'

const ROOT = join(import.meta.dirname, '../..')

suite('npm start', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`serves what is built, for production, and stops as it should when npm gets ${signal}`, async (t) => {
      const folder = await temporaryFolder(t, {
        'gateway.yaml': `server: { host: 127.0.0.1, port: 0, workers: 0, shutdown: { delay: 0s } }
admin: { port: 0 }
upstreams: { catalog: { backends: ['http://127.0.0.1:1'], hostHeader: backend } }
routesDir: routes
`,
        // A module of the user's, to look at the process from within.
        'routes/environment.js': `console.log(\`environment \${process.env.NODE_ENV}\`)
export default [{ path: '/api', upstream: 'catalog' }]
`
      })
      const { NODE_ENV: _environment, ...env } = process.env
      const words = ['start', '--', '--config', join(folder, 'gateway.yaml')]
      const npm = runProgram(t, { cwd: ROOT, env }, 'npm', ...words)
      await until('it serves', () => /^xecureapi serves http/m.test(npm.stdout()))
      assert.match(npm.stdout(), /^environment production$/m)
      npm.kill(signal)
      assert.deepEqual(await npm.ended, { code: 0, signal: null })
      assert.match(npm.stdout(), new RegExp(`"signal":"${signal}","msg":"stopping"`))
      assert.match(npm.stdout(), /"cut":0,"msg":"stopped"/)
    })
  }

  test('says in one line that nothing is built', async (t) => {
    const folder = await temporaryFolder(t, {})
    await mkdir(join(folder, 'scripts'))
    const script = join(folder, 'scripts/start.mjs')
    await copyFile(join(ROOT, 'scripts/start.mjs'), script)
    const { code, stdout, stderr } = await runTool(process.execPath, script)
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^xecureapi is not built: "npm ci && npm run build" .*\n$/)
  })
})
