import type { BadConfig } from './load-errors.ts'

/** A group with one backend and one more key. */
export function withKey(...lines: readonly string[]): string {
  return [
    'upstreams:',
    '  catalog:',
    '    backends: [http://a]',
    ...lines.map((line) => `    ${line}`),
    ''
  ].join('\n')
}

/** A group with these entries as its backends. */
export function withBackends(...entries: readonly string[]): string {
  return [
    'upstreams:',
    '  catalog:',
    '    backends:',
    ...entries.map((entry) => `      - ${entry}`),
    ''
  ].join('\n')
}

const CHECK = 'upstreams.catalog.healthCheck'
const BACKENDS = 'upstreams.catalog.backends'
const ORIGIN = 'expected an http:// or https:// URL such as http://10.0.0.11:3001'

/** Wrong values of `upstreams`. */
export const BAD_UPSTREAMS: readonly BadConfig[] = [
  {
    wrong: 'a list of groups',
    yaml: 'upstreams:\n  - catalog\n',
    errors: ['gateway.yaml:1: upstreams: expected a mapping, got a list']
  },
  {
    wrong: 'a group name with a space',
    yaml: 'upstreams:\n  my group: { backends: [http://a] }\n',
    errors: [
      'gateway.yaml:2: upstreams["my group"]: expected a name of letters, digits, "_" and "-", beginning with a letter or digit, got "my group"'
    ]
  },
  {
    wrong: 'a group that is a URL',
    yaml: 'upstreams:\n  catalog: http://a\n',
    errors: ['gateway.yaml:2: upstreams.catalog: expected a mapping, got "http://a"']
  },
  {
    wrong: 'a group without backends',
    yaml: 'upstreams:\n  catalog: {}\n',
    errors: [
      'gateway.yaml:2: upstreams.catalog.backends: expected a list of backends, or discovery, got nothing'
    ]
  },
  {
    wrong: 'a backend outside of a list',
    yaml: 'upstreams:\n  catalog:\n    backends: http://a\n',
    errors: ['gateway.yaml:3: upstreams.catalog.backends: expected a list, got "http://a"']
  },
  {
    wrong: 'a misspelt key of a group',
    yaml: withKey('helthCheck: {}'),
    errors: [
      'gateway.yaml:4: upstreams.catalog.helthCheck: unknown key "helthCheck"; did you mean "healthCheck"?'
    ]
  },
  {
    wrong: 'a word for the Host header',
    yaml: withKey('hostHeader: keep'),
    errors: ['gateway.yaml:4: upstreams.catalog.hostHeader: expected one of preserve, backend; got "keep"']
  },
  {
    wrong: 'a weight that is a word',
    yaml: withBackends('http://a', '{ url: http://b, weight: heavy }'),
    errors: [`gateway.yaml:5: ${BACKENDS}[1].weight: expected a whole number from 0 to 1000, got "heavy"`]
  },
  {
    wrong: 'a backend without a URL',
    yaml: withBackends('weight: 2'),
    errors: [`gateway.yaml:4: ${BACKENDS}[0].url: ${ORIGIN}, got nothing`]
  },
  {
    wrong: 'a misspelt key of a backend',
    yaml: withBackends('{ url: http://a, wieght: 2 }'),
    errors: [`gateway.yaml:4: ${BACKENDS}[0].wieght: unknown key "wieght"; did you mean "weight"?`]
  },
  {
    wrong: 'a backend that is a number',
    yaml: withBackends('3001'),
    errors: [`gateway.yaml:4: ${BACKENDS}[0]: ${ORIGIN}, or a mapping, got 3001`]
  },
  {
    wrong: 'a backend without a scheme',
    yaml: withBackends('10.0.0.11:3001'),
    errors: [`gateway.yaml:4: ${BACKENDS}[0]: ${ORIGIN}, got "10.0.0.11:3001"`]
  },
  {
    wrong: 'a backend that is not reached over HTTP',
    yaml: withBackends('ftp://a', 'unix:///run/app.sock', '{ url: ws://b }'),
    errors: [
      `gateway.yaml:4: ${BACKENDS}[0]: ${ORIGIN}, got "ftp://a"`,
      `gateway.yaml:5: ${BACKENDS}[1]: ${ORIGIN}, got "unix:///run/app.sock"`,
      `gateway.yaml:6: ${BACKENDS}[2].url: ${ORIGIN}, got "ws://b"`
    ]
  },
  {
    wrong: 'a backend with credentials, which are not repeated',
    yaml: withBackends('http://user:hunter2@a'),
    errors: [`gateway.yaml:4: ${BACKENDS}[0]: expected a URL without credentials, got "http://…@a"`]
  },
  {
    wrong: 'a backend with a path, a query or a fragment',
    yaml: withBackends('http://a/api', 'http://b?x', "'http://c#x'", 'http://d/./'),
    errors: [
      `gateway.yaml:4: ${BACKENDS}[0]: expected an origin without path, query or fragment, got "http://a/api"`,
      `gateway.yaml:5: ${BACKENDS}[1]: expected an origin without path, query or fragment, got "http://b?x"`,
      `gateway.yaml:6: ${BACKENDS}[2]: expected an origin without path, query or fragment, got "http://c#x"`,
      `gateway.yaml:7: ${BACKENDS}[3]: expected an origin without path, query or fragment, got "http://d/./"`
    ]
  },
  {
    wrong: 'a backend with a port that is none',
    yaml: withBackends('http://a:0', 'http://a:65536', 'http://a:x'),
    errors: [
      `gateway.yaml:4: ${BACKENDS}[0]: expected a port from 1 to 65535, got "http://a:0"`,
      `gateway.yaml:5: ${BACKENDS}[1]: expected a URL with a valid host and a port from 1 to 65535, got "http://a:65536"`,
      `gateway.yaml:6: ${BACKENDS}[2]: expected a URL with a valid host and a port from 1 to 65535, got "http://a:x"`
    ]
  },
  {
    wrong: 'one backend written in two ways',
    yaml: withBackends('http://a:80', 'http://b', '{ url: HTTP://A/, weight: 2 }'),
    errors: [
      `gateway.yaml:6: ${BACKENDS}[2].url: expected every backend once, got "HTTP://A/" again; the first is at line 4`
    ]
  },
  {
    wrong: 'a health check without content',
    yaml: withKey('healthCheck:'),
    errors: [`gateway.yaml:4: ${CHECK}: expected a mapping, got nothing; write {} for the defaults`]
  },
  {
    wrong: 'an unknown type of health check',
    yaml: withKey('healthCheck:', '  type: htp'),
    errors: [`gateway.yaml:5: ${CHECK}.type: expected one of http, tcp; got "htp"; did you mean "http"?`]
  },
  {
    wrong: 'probes that come too often, or wait for no time',
    yaml: withKey('healthCheck:', '  interval: 99ms', '  timeout: 0s'),
    errors: [
      `gateway.yaml:5: ${CHECK}.interval: expected at least 100ms, got "99ms"`,
      `gateway.yaml:6: ${CHECK}.timeout: expected at least 1ms, got "0s"`
    ]
  },
  {
    wrong: 'a probe path that is none',
    yaml: withKey('healthCheck:', '  path: healthz', '  port: 0', '  method: TRACE'),
    errors: [
      `gateway.yaml:5: ${CHECK}.path: expected a path that starts with "/", without spaces and fragment, got "healthz"`,
      `gateway.yaml:6: ${CHECK}.port: expected a whole number from 1 to 65535, got 0`,
      `gateway.yaml:7: ${CHECK}.method: expected a method in upper case such as GET, but not TRACE or CONNECT, got "TRACE"`
    ]
  },
  {
    wrong: 'counts out of range',
    yaml: withKey('healthCheck: { healthyAfter: 0, unhealthyAfter: 101 }'),
    errors: [
      `gateway.yaml:4: ${CHECK}.healthyAfter: expected a whole number from 1 to 100, got 0`,
      `gateway.yaml:4: ${CHECK}.unhealthyAfter: expected a whole number from 1 to 100, got 101`
    ]
  },
  {
    wrong: 'probe headers that can not be sent',
    yaml: withKey('healthCheck:', '  headers:', '    x probe: a', '    x-b: "a\\r\\nb"', '    x-c: 1'),
    errors: [
      `gateway.yaml:6: ${CHECK}.headers["x probe"]: expected the name of a header field, got "x probe"`,
      `gateway.yaml:7: ${CHECK}.headers.x-b: expected a header value: a text in one line, got "a\\r\\nb"`,
      `gateway.yaml:8: ${CHECK}.headers.x-c: expected a header value: a text in one line, got 1`
    ]
  },
  {
    wrong: 'statuses that are none',
    yaml: withKey('healthCheck: { expect: { status: [99, 200-600, 299-200, true] } }'),
    errors: [
      `gateway.yaml:4: ${CHECK}.expect.status[0]: expected a status from 100 to 599, or a range such as 200-299, got 99`,
      `gateway.yaml:4: ${CHECK}.expect.status[1]: expected a status from 100 to 599, or a range such as 200-299, got "200-600"`,
      `gateway.yaml:4: ${CHECK}.expect.status[2]: expected a range that does not end before it starts, got "299-200"`,
      `gateway.yaml:4: ${CHECK}.expect.status[3]: expected a status from 100 to 599, or a range such as 200-299, got true`
    ]
  },
  {
    wrong: 'a single status that is none',
    yaml: withKey('healthCheck: { expect: { status: ok } }'),
    errors: [
      `gateway.yaml:4: ${CHECK}.expect.status: expected a status from 100 to 599, or a range such as 200-299, got "ok"`
    ]
  },
  {
    wrong: 'no status at all, and an empty body',
    yaml: withKey('healthCheck: { expect: { status: [], body: "" } }'),
    errors: [
      `gateway.yaml:4: ${CHECK}.expect.body: expected a text that is not empty, got ""`,
      `gateway.yaml:4: ${CHECK}.expect.status: expected at least one status, got an empty list`
    ]
  },
  {
    wrong: 'an unknown first state',
    yaml: withKey('healthCheck: { initially: well }'),
    errors: [`gateway.yaml:4: ${CHECK}.initially: expected one of healthy, unhealthy; got "well"`]
  },
  {
    wrong: 'timeouts that are none',
    yaml: withKey('timeouts: { connect: soon, response: 25h, idel: 1s }'),
    errors: [
      'gateway.yaml:4: upstreams.catalog.timeouts.connect: expected a duration such as 250ms, 2s, 1m or 1h, got "soon"',
      'gateway.yaml:4: upstreams.catalog.timeouts.idel: unknown key "idel"; did you mean "idle"?',
      'gateway.yaml:4: upstreams.catalog.timeouts.response: expected at most 24h, got "25h"'
    ]
  }
]
