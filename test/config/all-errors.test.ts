import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorLines } from './load-errors.ts'

test('errors of every kind come all at once, by file and line', async (t) => {
  const yaml = [
    'routes:',
    '  - { name: one, path: /one, upstream: catalogue }', // a reference
    '  - { name: one, path: /two, upstream: catalog, rewrites: / }', // a name twice; an unknown key
    '  - { path: /three/, upstream: catalog }',
    '  - { path: /three, upstream: catalog }', // hidden
    'routesDir: routes',
    'upstreams:',
    '  catalog:',
    '    backends:',
    '      - { url: http://a, weight: heavy }', // the schema
    '      - http://a/', // the same backend, although the first has an error
    '    timeouts: { connect: 90h }', // a range
    'log: { level: "${env:LEVEL}" }', // an unset variable
    'admin: { host: 0.0.0.0 }',
    'server: { port: 9090 }',
    'log: {}', // a key twice
    ''
  ].join('\n')
  const lines = await errorLines(t, {
    yaml,
    files: {
      'routes/b.ts': 'throw new Error("broken")\n',
      'routes/a.ts': "export default [{ name: 'two', path: '/three', upstream: 'catalog' }]\n"
    }
  })
  assert.deepEqual(lines, [
    'gateway.yaml:2: routes[0].upstream: expected the name of an upstream group, got "catalogue"; did you mean "catalog"?',
    'gateway.yaml:3: routes[1].name: expected a unique name, got "one" again; the first is at gateway.yaml:2',
    'gateway.yaml:3: routes[1].rewrites: unknown key "rewrites"; did you mean "rewrite"?',
    'gateway.yaml:5: routes[3]: route "three-2" can never be reached: both take any method /three on any host; route "three" (gateway.yaml:4) comes first',
    'gateway.yaml:10: upstreams.catalog.backends[0].weight: expected a whole number from 0 to 1000, got "heavy"',
    'gateway.yaml:11: upstreams.catalog.backends[1]: expected every backend once, got "http://a/" again; the first is at line 10',
    'gateway.yaml:12: upstreams.catalog.timeouts.connect: expected at most 24h, got "90h"',
    'gateway.yaml:13: log.level: expected the environment variable LEVEL to be set',
    'gateway.yaml:14: admin.host: expected a loopback address (127.0.0.0/8, ::1 or localhost), or tokens beside it, got "0.0.0.0"',
    'gateway.yaml:15: server.port: expected another port than admin.port, got 9090 for both',
    'gateway.yaml:16: log: expected every key once, got "log" again; the first is at line 13',
    'routes/a.ts:1: [0]: route "two" can never be reached: both take any method /three on any host; route "three" (gateway.yaml:4) comes first',
    'routes/b.ts:1: (root): expected a module that can be imported, got the error "broken"'
  ])
})
