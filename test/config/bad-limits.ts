import { withKey } from './bad-upstreams.ts'
import { withRoutes } from './bad-routes.ts'
import type { BadConfig } from './load-errors.ts'

const GROUP = 'upstreams.catalog'
const COUNT = 'expected a whole number from 1 to 1000000000'
const MILLION = 'expected a whole number from 1 to 1000000'
const DURATION = 'expected a duration such as 250ms, 2s, 1m or 1h'
const KEY = 'expected ip, consumer, path, header:NAME, cookie:NAME or query:NAME'
const NAME = 'expected a name of letters, digits, "_" and "-", beginning with a letter or digit'
const BLOCK = 'expected an address or a CIDR block such as 10.0.0.0/8'
const BODY = 'expected a size such as 64KiB or 10MiB, or 0 for any'

/** A gateway with these limits, each on a line of its own from line 2. */
function withLimits(...limits: readonly string[]): string {
  return ['rateLimit:', ...limits.map((limit) => `  - ${limit}`), ''].join('\n')
}

/** Wrong values of what bounds clients and groups: `rateLimit`, `cost`, `priority`, `bodyLimit`, `concurrency`. */
export const BAD_LIMITS: readonly BadConfig[] = [
  {
    wrong: 'a limit that says nothing',
    yaml: 'rateLimit: {}\n',
    errors: [
      `gateway.yaml:1: rateLimit.limit: ${COUNT}, got nothing`,
      `gateway.yaml:1: rateLimit.per: ${DURATION}, got nothing`
    ]
  },
  {
    wrong: 'a limit that is a number, or nothing',
    yaml: `rateLimit: 100\n${withRoutes('{ path: /a, upstream: catalog, rateLimit: }')}`,
    errors: [
      'gateway.yaml:1: rateLimit: expected a mapping, or one to ten limits, got 100',
      'gateway.yaml:4: routes[0].rateLimit: expected a mapping, or one to ten limits, got nothing'
    ]
  },
  {
    wrong: 'a list without limits, and one of too many',
    yaml: `rateLimit: []\n${withRoutes(
      `{ path: /a, upstream: catalog, rateLimit: [${'{ limit: 1, per: 1s }, '.repeat(11)}] }`
    )}`,
    errors: [
      'gateway.yaml:1: rateLimit: expected one to ten limits, got an empty list',
      'gateway.yaml:4: routes[0].rateLimit: expected one to ten limits, got a list'
    ]
  },
  {
    wrong: 'numbers of a limit beyond their range',
    yaml: withLimits(
      '{ per: 1s, limit: 0 }',
      '{ per: 1s, limit: 1000000001 }',
      '{ per: 1s, limit: 1.5 }',
      '{ per: 1s, limit: 5, burst: 0 }',
      '{ per: 1s, limit: 5, burst: 1000000001 }',
      '{ per: 1s, limit: 5, cost: 0 }',
      '{ per: 1s, limit: 5000000, cost: 1000001 }',
      '{ per: 1s, limit: 5, maxKeys: 0 }',
      '{ per: 1s, limit: 5, maxKeys: 10000001 }'
    ),
    errors: [
      `gateway.yaml:2: rateLimit[0].limit: ${COUNT}, got 0`,
      `gateway.yaml:3: rateLimit[1].limit: ${COUNT}, got 1000000001`,
      `gateway.yaml:4: rateLimit[2].limit: ${COUNT}, got 1.5`,
      `gateway.yaml:5: rateLimit[3].burst: ${COUNT}, got 0`,
      `gateway.yaml:6: rateLimit[4].burst: ${COUNT}, got 1000000001`,
      `gateway.yaml:7: rateLimit[5].cost: ${MILLION}, got 0`,
      `gateway.yaml:8: rateLimit[6].cost: ${MILLION}, got 1000001`,
      'gateway.yaml:9: rateLimit[7].maxKeys: expected a whole number from 1 to 10000000, got 0',
      'gateway.yaml:10: rateLimit[8].maxKeys: expected a whole number from 1 to 10000000, got 10000001'
    ]
  },
  {
    wrong: 'a period without a unit, one of no time, and one of days',
    yaml: withLimits('{ limit: 1, per: 1 }', '{ limit: 1, per: 0s }', '{ limit: 1, per: 25h }'),
    errors: [
      `gateway.yaml:2: rateLimit[0].per: ${DURATION}, got 1`,
      'gateway.yaml:3: rateLimit[1].per: expected at least 1ms, got "0s"',
      'gateway.yaml:4: rateLimit[2].per: expected at most 24h, got "25h"'
    ]
  },
  {
    wrong: 'keys that are none, none, too many, and one that comes twice',
    yaml: withLimits(
      '{ limit: 1, per: 1s, key: address }',
      '{ limit: 1, per: 1s, key: [ip, "header:"] }',
      '{ limit: 1, per: 1s, key: [] }',
      '{ limit: 1, per: 1s, key: [ip, path, "query:a", "query:b", "query:c", "query:d"] }',
      '{ limit: 1, per: 1s, key: [ip, path, ip] }',
      '{ limit: 1, per: 1s, key: 1 }'
    ),
    errors: [
      `gateway.yaml:2: rateLimit[0].key: ${KEY}, or a list of such, got "address"`,
      `gateway.yaml:3: rateLimit[1].key[1]: ${KEY}, got "header:"`,
      'gateway.yaml:4: rateLimit[2].key: expected one to five keys, each once, got an empty list',
      'gateway.yaml:5: rateLimit[3].key: expected one to five keys, each once, got a list',
      'gateway.yaml:6: rateLimit[4].key[2]: expected every item once, got "ip" again',
      `gateway.yaml:7: rateLimit[5].key: ${KEY}, or a list of such, got 1`
    ]
  },
  {
    wrong: 'two keys that are the same header',
    yaml: withLimits('{ limit: 1, per: 1s, key: ["header:X-User", "header:x-user"] }'),
    errors: ['gateway.yaml:2: rateLimit[0].key[1]: expected every key once, got "header:x-user" again']
  },
  {
    wrong: 'allowed clients that are no addresses',
    yaml: 'rateLimit:\n  limit: 1\n  per: 1s\n  allow: [10.0.0.0/33, localhost, 10.0.0.1]\n',
    errors: [
      `gateway.yaml:4: rateLimit.allow[0]: ${BLOCK}, got "10.0.0.0/33"`,
      `gateway.yaml:4: rateLimit.allow[1]: ${BLOCK}, got "localhost"`
    ]
  },
  {
    wrong: 'a cost that the burst never has',
    yaml: withLimits(
      '{ limit: 5, per: 1s, cost: 6 }',
      '{ limit: 50, burst: 5, per: 1s, cost: 6 }',
      '{ limit: 5, burst: 50, per: 1s, cost: 6 }'
    ),
    errors: [
      'gateway.yaml:2: rateLimit[0].cost: expected at most the limit, which is 5, got 6',
      'gateway.yaml:3: rateLimit[1].cost: expected at most the burst, which is 5, got 6'
    ]
  },
  {
    wrong: 'a switch that is a word, and misspelt keys',
    yaml: withLimits('{ limit: 1, per: 1s, dryRun: yes }', '{ limit: 1, per: 1s, brust: 5 }'),
    errors: [
      'gateway.yaml:2: rateLimit[0].dryRun: expected true or false, got "yes"',
      'gateway.yaml:3: rateLimit[1].brust: unknown key "brust"; did you mean "burst"?'
    ]
  },
  {
    wrong: 'names of limits that are none, or come twice, also where they are made',
    yaml: withLimits(
      '{ limit: 1, per: 1s, name: per second }',
      '{ limit: 1, per: 1s, name: a }',
      '{ limit: 1, per: 1s, name: a }',
      '{ limit: 1, per: 1s, name: gateway-5 }',
      '{ limit: 1, per: 1s }'
    ),
    errors: [
      `gateway.yaml:2: rateLimit[0].name: ${NAME}, got "per second"`,
      'gateway.yaml:4: rateLimit[2].name: expected a unique name among the limits, got "a" again',
      'gateway.yaml:6: rateLimit[4]: expected a unique name among the limits, got "gateway-5" again'
    ]
  },
  {
    wrong: "limits of a route with the names of the gateway's",
    yaml: `rateLimit: [{ limit: 1, per: 1s }, { limit: 1, per: 1s, name: a }]\n${withRoutes(
      '{ name: gateway, path: /a, upstream: catalog, rateLimit: { limit: 1, per: 1s } }',
      '{ name: b, path: /b, upstream: catalog, rateLimit: [{ limit: 1, per: 1s }, { limit: 1, per: 1s, name: a }] }'
    )}`,
    errors: [
      "gateway.yaml:4: routes[0].rateLimit: expected a name that no limit of the gateway has, got its route's",
      'gateway.yaml:5: routes[1].rateLimit[1].name: expected a name that no limit of the gateway has, got "a"'
    ]
  },
  {
    wrong: "a limit that has the name of its route, which another one's is already",
    yaml: withRoutes(
      '{ name: a, path: /a, upstream: catalog, rateLimit: [{ limit: 1, per: 1s }, { limit: 1, per: 1m, name: a }] }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].rateLimit[1].name: expected a unique name among the limits, got "a" again'
    ]
  },
  {
    wrong: 'a route that costs more than the gateway lets through at once',
    yaml: `${withLimits('{ limit: 100, per: 1s, cost: 3 }', '{ limit: 1000, burst: 50, per: 1h }')}${withRoutes(
      '{ path: /a, upstream: catalog, cost: 33 }',
      '{ path: /b, upstream: catalog, cost: 34 }',
      'path: /c\n    upstream: catalog\n    cost: 1000'
    )}`,
    errors: ['7', '10'].map(
      (line, index) =>
        `gateway.yaml:${line}: routes[${index + 1}].cost: expected at most 33, what the gateway's rateLimit lets through at once, got ${[34, 1000][index]}`
    )
  },
  {
    wrong: 'a route that costs nothing, more than any, or a fraction',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, cost: 0 }',
      '{ path: /b, upstream: catalog, cost: 1000001 }',
      '{ path: /c, upstream: catalog, cost: 1.5 }'
    ),
    errors: [
      `gateway.yaml:3: routes[0].cost: ${MILLION}, got 0`,
      `gateway.yaml:4: routes[1].cost: ${MILLION}, got 1000001`,
      `gateway.yaml:5: routes[2].cost: ${MILLION}, got 1.5`
    ]
  },
  {
    wrong: 'a priority that is unknown, or a number',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, priority: critcal }',
      '{ path: /b, upstream: catalog, priority: 1 }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].priority: expected one of critical, normal, sheddable; got "critcal"; did you mean "critical"?',
      'gateway.yaml:4: routes[1].priority: expected one of critical, normal, sheddable; got 1'
    ]
  },
  {
    wrong: 'a body limit without a unit, below nothing, and beyond all measure',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, bodyLimit: 1024 }',
      '{ path: /b, upstream: catalog, bodyLimit: 1MB }',
      '{ path: /c, upstream: catalog, bodyLimit: -1 }',
      '{ path: /d, upstream: catalog, bodyLimit: 1025GiB }'
    ),
    errors: [
      `gateway.yaml:3: routes[0].bodyLimit: ${BODY}, got 1024`,
      `gateway.yaml:4: routes[1].bodyLimit: ${BODY}, got "1MB"`,
      `gateway.yaml:5: routes[2].bodyLimit: ${BODY}, got -1`,
      'gateway.yaml:6: routes[3].bodyLimit: expected at most 1024GiB, got "1025GiB"'
    ]
  },
  {
    wrong: 'limits of a module, beside those of the gateway',
    yaml: 'upstreams: { catalog: { backends: [http://a] } }\nrateLimit: { limit: 5, per: 1s }\nroutesDir: routes\n',
    files: {
      'routes/a.ts': [
        'export default [',
        "  { path: '/a', upstream: 'catalog', rateLimit: { limit: 5, per: '48h' } },",
        '  {',
        "    path: '/b',",
        "    upstream: 'catalog',",
        '    cost: 6',
        '  },',
        "  { path: '/c', upstream: 'catalog', bodyLimit: '2000GiB', priority: 'high' }",
        ']',
        ''
      ].join('\n')
    },
    errors: [
      'routes/a.ts:2: [0].rateLimit.per: expected at most 24h, got "48h"',
      "routes/a.ts:6: [1].cost: expected at most 5, what the gateway's rateLimit lets through at once, got 6",
      'routes/a.ts:8: [2].bodyLimit: expected at most 1024GiB, got "2000GiB"',
      'routes/a.ts:8: [2].priority: expected one of critical, normal, sheddable; got "high"'
    ]
  },
  {
    wrong: 'a concurrency without its defaults',
    yaml: withKey('concurrency:'),
    errors: [
      `gateway.yaml:4: ${GROUP}.concurrency: expected a mapping, got nothing; write {} for the defaults`
    ]
  },
  {
    wrong: 'a concurrency of nobody, and of too many',
    yaml: withKey('concurrency: { mode: adaptiv, min: 0, max: 1000001 }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.concurrency.max: ${MILLION}, got 1000001`,
      `gateway.yaml:4: ${GROUP}.concurrency.min: ${MILLION}, got 0`,
      `gateway.yaml:4: ${GROUP}.concurrency.mode: expected one of adaptive, static; got "adaptiv"; did you mean "adaptive"?`
    ]
  },
  {
    wrong: 'a concurrency that is never less than more than it ever is',
    yaml: withKey('concurrency:', '  min: 11', '  max: 10'),
    errors: [`gateway.yaml:5: ${GROUP}.concurrency.min: expected at most max, which is 10, got 11`]
  },
  {
    wrong: 'a concurrency that is never less than the default of max',
    yaml: withKey('concurrency:', '  min: 1001'),
    errors: [`gateway.yaml:5: ${GROUP}.concurrency.min: expected at most max, which is 1000, got 1001`]
  },
  {
    wrong: 'the least of a concurrency that does not change',
    yaml: withKey('concurrency:', '  mode: static', '  min: 20'),
    errors: [`gateway.yaml:6: ${GROUP}.concurrency.min: expected min beside adaptive only, got 20`]
  }
]
