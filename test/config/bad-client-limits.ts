import type { BadConfig } from './load-errors.ts'

const DURATION = 'expected a duration such as 250ms, 2s, 1m or 1h'
const SIZE = 'expected a size such as 512B, 64KiB or 10MiB'
const URL = 'expected a URL such as redis://[user:password@]host[:port][/db], with rediss: for TLS'

const MASTER = 'expected the name of a master such as mymaster: at most 100 letters, digits, ".", "_" and "-"'

/** A Redis whose URLs stand on lines of their own, from line 4. */
function withUrls(...urls: readonly string[]): string {
  return ['store:', '  type: redis', '  url:', ...urls.map((url) => `    - '${url}'`), ''].join('\n')
}

/** Each key of `server.limits` on a line of its own, from line 3. */
function withServerLimits(...keys: readonly string[]): string {
  return ['server:', '  limits:', ...keys.map((key) => `    ${key}`), ''].join('\n')
}

/** URLs that ioredis would throw at, or take for something else; each holds a password. */
const BAD_URLS = [
  'redis://:hunter2@',
  'redis://:hunter2@/0',
  'redis://:hunter2@a:70000',
  'redis://:hunter2@a b',
  'redis://:hunter2@a/first',
  'redis://:hunter2@a/0/1',
  'redis://:hunter2@a?db=1',
  'redis://:hunter2@a#1',
  'redis://:hunter2%zz@a',
  'redis://:hunter2@a:1,b:1',
  'http://:hunter2@a',
  'a:hunter2'
]

/** Wrong values of `server.limits` and `store`. */
export const BAD_CLIENT_LIMITS: readonly BadConfig[] = [
  {
    wrong: 'limits of clients without their defaults',
    yaml: withServerLimits(),
    errors: ['gateway.yaml:2: server.limits: expected a mapping, got nothing; write {} for the defaults']
  },
  {
    wrong: 'times that are none, and sizes that are none',
    yaml: withServerLimits(
      'headersTimeout: 10',
      'requestTimeout: never',
      'keepAliveTimeout: 0',
      'sendTimeout: [30s]',
      'maxEventLoopDelay: 1.5s',
      'maxHeaderSize: 16',
      'bodyLimit: 10MB'
    ),
    errors: [
      `gateway.yaml:3: server.limits.headersTimeout: ${DURATION}, got 10`,
      `gateway.yaml:4: server.limits.requestTimeout: ${DURATION}, got "never"`,
      `gateway.yaml:5: server.limits.keepAliveTimeout: ${DURATION}, got 0`,
      `gateway.yaml:6: server.limits.sendTimeout: ${DURATION}, got a list`,
      `gateway.yaml:7: server.limits.maxEventLoopDelay: ${DURATION}, got "1.5s"`,
      `gateway.yaml:8: server.limits.maxHeaderSize: ${SIZE}, got 16`,
      'gateway.yaml:9: server.limits.bodyLimit: expected a size such as 64KiB or 10MiB, or 0 for any, got "10MB"'
    ]
  },
  {
    wrong: 'times that are too short; those that may not be none as well',
    yaml: withServerLimits(
      'headersTimeout: 0s',
      'requestTimeout: 99ms',
      'keepAliveTimeout: 0s',
      'sendTimeout: 99ms',
      'maxEventLoopDelay: 9ms'
    ),
    errors: [
      'gateway.yaml:3: server.limits.headersTimeout: expected at least 100ms, got "0s"',
      'gateway.yaml:4: server.limits.requestTimeout: expected at least 100ms, got "99ms"',
      'gateway.yaml:5: server.limits.keepAliveTimeout: expected at least 100ms, got "0s"',
      'gateway.yaml:6: server.limits.sendTimeout: expected at least 100ms, got "99ms"',
      'gateway.yaml:7: server.limits.maxEventLoopDelay: expected at least 10ms, got "9ms"'
    ]
  },
  {
    wrong: 'times that are too long',
    yaml: withServerLimits(
      'headersTimeout: 25h',
      'requestTimeout: 25h',
      'keepAliveTimeout: 25h',
      'sendTimeout: 25h',
      'maxEventLoopDelay: 61s'
    ),
    errors: [
      'gateway.yaml:3: server.limits.headersTimeout: expected at most 24h, got "25h"',
      'gateway.yaml:4: server.limits.requestTimeout: expected at most 24h, got "25h"',
      'gateway.yaml:5: server.limits.keepAliveTimeout: expected at most 24h, got "25h"',
      'gateway.yaml:6: server.limits.sendTimeout: expected at most 24h, got "25h"',
      'gateway.yaml:7: server.limits.maxEventLoopDelay: expected at most 1m, got "61s"'
    ]
  },
  {
    wrong: 'more time for the head of a request than for the whole',
    yaml: withServerLimits('requestTimeout: 5s', 'headersTimeout: 6s'),
    errors: [
      'gateway.yaml:4: server.limits.headersTimeout: expected at most requestTimeout, which is "5s", got "6s"'
    ]
  },
  {
    wrong: 'more time for the head of a request than the whole has by default',
    yaml: withServerLimits('headersTimeout: 61s'),
    errors: [
      'gateway.yaml:3: server.limits.headersTimeout: expected at most requestTimeout, which is "60s", got "61s"'
    ]
  },
  {
    wrong: 'numbers and sizes beyond their range',
    yaml: withServerLimits(
      'maxConnections: -1',
      'maxConnectionsPerIp: 1000001',
      'maxHeaders: 9',
      'maxHeaderSize: 1023B',
      'bodyLimit: 99999999999GiB'
    ),
    errors: [
      'gateway.yaml:3: server.limits.maxConnections: expected a whole number from 0 to 1000000, got -1',
      'gateway.yaml:4: server.limits.maxConnectionsPerIp: expected a whole number from 0 to 1000000, got 1000001',
      'gateway.yaml:5: server.limits.maxHeaders: expected a whole number from 10 to 2000, got 9',
      'gateway.yaml:6: server.limits.maxHeaderSize: expected 1KiB to 1MiB, got "1023B"',
      'gateway.yaml:7: server.limits.bodyLimit: expected at most 1024GiB, got "99999999999GiB"'
    ]
  },
  {
    wrong: 'a header of any size, of any number of fields, and a misspelt key',
    yaml: withServerLimits('maxHeaderSize: 2MiB', 'maxHeaders: 2001', 'maxConnection: 1'),
    errors: [
      'gateway.yaml:3: server.limits.maxHeaderSize: expected 1KiB to 1MiB, got "2MiB"',
      'gateway.yaml:4: server.limits.maxHeaders: expected a whole number from 10 to 2000, got 2001',
      'gateway.yaml:5: server.limits.maxConnection: unknown key "maxConnection"; did you mean "maxConnections"?'
    ]
  },
  {
    wrong: 'a store of another kind, and one without a folder',
    yaml: 'store:\n  type: memcached\n  path: ""\n',
    errors: [
      'gateway.yaml:2: store.type: expected one of file, redis; got "memcached"',
      'gateway.yaml:3: store.path: expected a text that is not empty, got ""'
    ]
  },
  {
    wrong: 'a Redis that is nowhere',
    yaml: 'log: {}\nstore:\n  type: redis\n',
    errors: [`gateway.yaml:2: store.url: ${URL}, got nothing`]
  },
  {
    wrong: 'what only Redis has beside a folder',
    yaml: 'store:\n  url: redis://:hunter2@a\n  sentinel: { name: shop }\n  prefix: shop\n',
    errors: [
      'gateway.yaml:2: store.url: expected url beside redis only, got it beside file',
      'gateway.yaml:3: store.sentinel: expected sentinel beside redis only, got it beside file',
      'gateway.yaml:4: store.prefix: expected prefix beside redis only, got it beside file'
    ]
  },
  ...BAD_URLS.map((url, index) => ({
    wrong: `a URL that no Redis has, number ${index + 1}, which is not repeated`,
    yaml: `store:\n  type: redis\n  url: '${url}'\n`,
    errors: [`gateway.yaml:3: store.url: ${URL}, got a text of ${url.length}`]
  })),
  {
    wrong: 'a URL that is a number',
    yaml: 'store: { type: redis, url: 6379 }\n',
    errors: [`gateway.yaml:1: store.url: ${URL}, got a number`]
  },
  {
    wrong: 'a list of URLs of which some are none',
    yaml: withUrls('redis://a', 'http://:hunter2@b', 'redis://:hunter2@c?d'),
    errors: [
      `gateway.yaml:5: store.url[1]: ${URL}, got a text of 17`,
      `gateway.yaml:6: store.url[2]: ${URL}, got a text of 20`
    ]
  },
  {
    wrong: 'a list with a URL that is none as ioredis has it',
    yaml: withUrls('redis://a', 'redis://:hunter2@c?d'),
    errors: [`gateway.yaml:5: store.url[1]: ${URL}, got a text of 20`]
  },
  {
    wrong: 'a list of no URL',
    yaml: 'store: { type: redis, url: [] }\n',
    errors: ['gateway.yaml:1: store.url: expected one to 100 URLs, got an empty list']
  },
  {
    wrong: 'a cluster of several logins, with and without TLS',
    yaml: withUrls(
      'redis://:hunter2@a',
      'redis://:hunter3@b',
      'rediss://c',
      'redis://d',
      'redis://:hunter2@e'
    ),
    errors: [
      'gateway.yaml:5: store.url[1]: expected user, password and database of the first URL, or none, got others',
      'gateway.yaml:6: store.url[2]: expected redis: in all URLs, or rediss: in all, got both'
    ]
  },
  {
    wrong: 'a cluster with a database',
    yaml: withUrls('redis://:hunter2@a/1'),
    errors: [
      'gateway.yaml:4: store.url[0]: expected no database but 0, since a list of URLs without sentinel is a cluster'
    ]
  },
  {
    wrong: 'sentinels without the name of what they watch over',
    yaml: 'store:\n  type: redis\n  url: redis://a\n  sentinel: { password: hunter2 }\n',
    errors: [`gateway.yaml:4: store.sentinel.name: ${MASTER}, got nothing`]
  },
  {
    wrong: 'sentinels with a name that none has, and a password that is none, which is not repeated',
    yaml: 'store:\n  type: redis\n  url: redis://a\n  sentinel:\n    name: my master\n    password: [hunter2]\n    user: me\n',
    errors: [
      `gateway.yaml:5: store.sentinel.name: ${MASTER}, got "my master"`,
      'gateway.yaml:6: store.sentinel.password: expected a text that is not empty, got a list',
      'gateway.yaml:7: store.sentinel.user: unknown key "user"; expected one of name, password'
    ]
  },
  {
    wrong: 'a prefix that would take keys apart',
    yaml: "store: { type: redis, url: redis://a, prefix: '{shop}' }\n",
    errors: [
      'gateway.yaml:1: store.prefix: expected a prefix such as xgw or shop:eu, at most 100 characters without spaces and braces, got "{shop}"'
    ]
  }
]
