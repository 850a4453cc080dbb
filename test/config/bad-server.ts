import type { BadConfig } from './load-errors.ts'

const LOOPBACK = 'expected a loopback address (127.0.0.0/8, ::1 or localhost), or tokens beside it'

/** Wrong values of `server`, `admin`, `log` and the keys beside them. */
export const BAD_SERVER: readonly BadConfig[] = [
  {
    wrong: 'an unknown key that is close to a known one',
    yaml: 'log: {}\nupstream: {}\n',
    errors: ['gateway.yaml:2: upstream: unknown key "upstream"; did you mean "upstreams"?']
  },
  {
    wrong: 'an unknown key that is close to nothing',
    yaml: 'log:\n  colour: true\n',
    errors: ['gateway.yaml:2: log.colour: unknown key "colour"; expected one of level, format, access']
  },
  {
    wrong: 'a key of a feature that is not there yet',
    yaml: 'server:\n  quic: {}\n',
    errors: [
      'gateway.yaml:2: server.quic: unknown key "quic"; expected one of host, port, workers, trustProxy, proxyProtocol, tls, redirect, limits, stallTimeout, shutdown'
    ]
  },
  {
    wrong: 'pages where the gateway has something else',
    yaml: 'docs: { path: /openapi.json }\n',
    errors: ['gateway.yaml:1: docs.path: expected a path that is not the gateway\'s own, got "/openapi.json"']
  },
  {
    wrong: 'pages that would be everywhere',
    yaml: 'docs: { path: / }\nupstreams: { a: { backends: [http://a], openapi: openapi.json } }\n',
    errors: [
      'gateway.yaml:1: docs.path: expected a path such as /docs, without a trailing slash, got "/"',
      'gateway.yaml:2: upstreams.a.openapi: expected a path such as /openapi.json, got "openapi.json"'
    ]
  },
  {
    wrong: 'a key that is a name of JavaScript',
    yaml: '__proto__: { port: 1 }\nconstructor: 1\n',
    errors: [
      'gateway.yaml:1: __proto__: unknown key "__proto__"; expected one of server, admin, log, tracing, docs, store, rateLimit, auth, upstreams, routes, routesDir',
      'gateway.yaml:2: constructor: unknown key "constructor"; expected one of server, admin, log, tracing, docs, store, rateLimit, auth, upstreams, routes, routesDir'
    ]
  },
  {
    wrong: 'a key with spaces',
    yaml: 'log:\n  "the level": info\n',
    errors: [
      'gateway.yaml:2: log["the level"]: unknown key "the level"; expected one of level, format, access'
    ]
  },
  {
    wrong: 'a block without content',
    yaml: 'server:\nlog: {}\n',
    errors: ['gateway.yaml:1: server: expected a mapping, got nothing; write {} for the defaults']
  },
  {
    wrong: 'a port that is too large',
    yaml: 'server:\n  port: 65536\n',
    errors: ['gateway.yaml:2: server.port: expected a whole number from 0 to 65535, got 65536']
  },
  {
    wrong: 'a port with a fraction',
    yaml: 'server:\n  port: 80.5\n',
    errors: ['gateway.yaml:2: server.port: expected a whole number from 0 to 65535, got 80.5']
  },
  {
    wrong: 'a port in quotes',
    yaml: 'server:\n  port: "8080"\n',
    errors: ['gateway.yaml:2: server.port: expected a whole number from 0 to 65535, got "8080"']
  },
  {
    wrong: 'a port that is not a number',
    yaml: 'server:\n  port: .nan\n',
    errors: ['gateway.yaml:2: server.port: expected a whole number from 0 to 65535, got NaN']
  },
  {
    wrong: 'a variable without a number where one is wanted',
    yaml: 'server:\n  port: ${env:PORT}\n',
    env: { PORT: 'http' },
    errors: ['gateway.yaml:2: server.port: expected a whole number from 0 to 65535, got "${env:PORT}"']
  },
  {
    wrong: 'a variable with a number out of range',
    yaml: 'server:\n  port: ${env:PORT}\n',
    env: { PORT: '70000' },
    errors: ['gateway.yaml:2: server.port: expected a whole number from 0 to 65535, got "${env:PORT}"']
  },
  {
    wrong: 'a host with a port',
    yaml: 'server:\n  host: 0.0.0.0:8080\n',
    errors: [
      'gateway.yaml:2: server.host: expected an IP address or a host name, without a port, got "0.0.0.0:8080"'
    ]
  },
  {
    wrong: 'a host that is no IPv4 address although it looks like one',
    yaml: 'server:\n  host: 10.0.0.256\n',
    errors: [
      'gateway.yaml:2: server.host: expected an IP address or a host name, without a port, got "10.0.0.256"'
    ]
  },
  {
    wrong: 'a host that is a URL',
    yaml: 'server:\n  host: http://localhost\n',
    errors: ['gateway.yaml:2: server.host: expected an IP address or a host name, got "http://localhost"']
  },
  {
    wrong: 'an unknown word for the workers',
    yaml: 'server:\n  workers: Auto\n',
    errors: [
      'gateway.yaml:2: server.workers: expected a whole number from 0 to 256, or auto, got "Auto"; did you mean "auto"?'
    ]
  },
  {
    wrong: 'a negative number of workers',
    yaml: 'server:\n  workers: -1\n',
    errors: ['gateway.yaml:2: server.workers: expected a whole number from 0 to 256, or auto, got -1']
  },
  {
    wrong: 'a list of workers',
    yaml: 'server:\n  workers:\n    - 1\n',
    errors: ['gateway.yaml:2: server.workers: expected a whole number from 0 to 256, or auto, got a list']
  },
  {
    wrong: 'a duration without a unit',
    yaml: 'server:\n  shutdown:\n    delay: 5\n',
    errors: ['gateway.yaml:3: server.shutdown.delay: expected a duration such as 250ms, 2s, 1m or 1h, got 5']
  },
  {
    wrong: 'a duration with a fraction',
    yaml: 'server:\n  shutdown: { timeout: 1.5s }\n',
    errors: [
      'gateway.yaml:2: server.shutdown.timeout: expected a duration such as 250ms, 2s, 1m or 1h, got "1.5s"'
    ]
  },
  {
    wrong: 'a duration that no timer can wait for',
    yaml: 'server:\n  shutdown: { delay: 25h, timeout: 99999999999h }\n',
    errors: [
      'gateway.yaml:2: server.shutdown.delay: expected at most 24h, got "25h"',
      'gateway.yaml:2: server.shutdown.timeout: expected at most 24h, got "99999999999h"'
    ]
  },
  {
    wrong: 'a stall timeout that every worker would reach',
    yaml: 'server:\n  stallTimeout: 499ms\n',
    errors: ['gateway.yaml:2: server.stallTimeout: expected at least 500ms, got "499ms"']
  },
  {
    wrong: 'an admin listener on all addresses',
    yaml: 'admin:\n  host: 0.0.0.0\n',
    errors: [`gateway.yaml:2: admin.host: ${LOOPBACK}, got "0.0.0.0"`]
  },
  {
    wrong: 'an admin listener on a public name',
    yaml: 'admin:\n  host: localhost.example.com\n',
    errors: [`gateway.yaml:2: admin.host: ${LOOPBACK}, got "localhost.example.com"`]
  },
  {
    wrong: 'an admin listener on a public IPv6 address',
    yaml: "admin:\n  host: '2001:db8::1'\n",
    errors: [`gateway.yaml:2: admin.host: ${LOOPBACK}, got "2001:db8::1"`]
  },
  {
    wrong: 'tokens that are none, come twice or share a name, of which nothing is shown',
    yaml: [
      'admin:',
      '  tokens:',
      '    - a secret',
      '    - secret',
      '    - { name: token-2, token: other }',
      '    - { name: b, token: secret }',
      '    - { name: c }',
      '    - 42',
      ''
    ].join('\n'),
    errors: [
      'gateway.yaml:3: admin.tokens[0]: expected a token, or { name, token }, got a text of 8',
      'gateway.yaml:5: admin.tokens[2]: expected a unique name, got "token-2" again',
      'gateway.yaml:6: admin.tokens[3]: expected every token once, got that of tokens[1] again',
      'gateway.yaml:7: admin.tokens[4].token: expected a token: 1 to 4096 characters of visible ASCII without spaces, got nothing',
      'gateway.yaml:8: admin.tokens[5]: expected a token, or { name, token }, got a number'
    ]
  },
  {
    wrong: 'a token where a list of such should stand, which no message shows',
    yaml: 'admin:\n  host: 0.0.0.0\n  tokens: super-secret\n',
    errors: ['gateway.yaml:3: admin.tokens: expected a list of tokens, got a text of 12']
  },
  {
    wrong: 'tokens that came from variables and share a name, of which nothing is shown',
    yaml: [
      'admin:',
      '  tokens:',
      '    - { name: "${env:NAME}", token: first }',
      '    - { name: "${env:NAME}", token: "${env:NAME} " }',
      '    - { name: "${env:NAME}", token: third }',
      '    - { name: "${env:SPACED}", token: "${env:NAME}" }',
      ''
    ].join('\n'),
    env: { NAME: 'super-secret', SPACED: 'super secret' },
    errors: [
      'gateway.yaml:4: admin.tokens[1]: expected a unique name, got "${env:NAME}" again',
      'gateway.yaml:4: admin.tokens[1].token: expected a token: 1 to 4096 characters of visible ASCII without spaces, got a text of 13',
      'gateway.yaml:5: admin.tokens[2]: expected a unique name, got "${env:NAME}" again',
      'gateway.yaml:6: admin.tokens[3].name: expected a name of letters, digits, "_" and "-", beginning with a letter or digit, got "${env:SPACED}"'
    ]
  },
  {
    wrong: 'an admin listener on all addresses at the port of a public one on some',
    yaml: 'server: { host: 127.0.0.1, port: 9090 }\nadmin: { host: 0.0.0.0, tokens: [a] }\n',
    errors: ['gateway.yaml:1: server.port: expected another port than admin.port, got 9090 for both']
  },
  {
    wrong: 'one port for both listeners',
    yaml: 'server: { port: 8000 }\nadmin:\n  port: 8000\n',
    errors: ['gateway.yaml:3: admin.port: expected another port than server.port, got 8000 for both']
  },
  {
    wrong: "the admin listener's default port for the public one",
    yaml: 'server:\n  host: localhost\n  port: 9090\n',
    errors: ['gateway.yaml:3: server.port: expected another port than admin.port, got 9090 for both']
  },
  {
    wrong: 'an unknown log level',
    yaml: 'log:\n  level: inof\n',
    errors: [
      'gateway.yaml:2: log.level: expected one of trace, debug, info, warn, error, fatal, silent; got "inof"; did you mean "info"?'
    ]
  },
  {
    wrong: 'a log level that is a number',
    yaml: 'log:\n  level: 30\n',
    errors: [
      'gateway.yaml:2: log.level: expected one of trace, debug, info, warn, error, fatal, silent; got 30'
    ]
  },
  {
    wrong: 'a word for a switch',
    yaml: 'log:\n  access: yes\n',
    errors: ['gateway.yaml:2: log.access: expected true, false, or a mapping of sample and slow, got "yes"']
  },
  {
    wrong: 'a folder of routes that is not there',
    yaml: 'routesDir: rutes\n',
    errors: ['gateway.yaml:1: routesDir: expected a folder with route modules, got "rutes"']
  },
  {
    wrong: 'a folder of routes that is a list',
    yaml: 'routesDir: [a, b]\n',
    errors: ['gateway.yaml:1: routesDir: expected a text that is not empty, got a list']
  }
]
