import { withBackends, withKey } from './bad-upstreams.ts'
import type { BadConfig } from './load-errors.ts'

const GROUP = 'upstreams.catalog'
const SEVEN =
  'expected one of round-robin, least-connections, least-latency, random, random-two, hash, ip-hash'
const KEY = 'expected ip, path, header:NAME, cookie:NAME or query:NAME'
const DURATION = 'expected a duration such as 250ms, 2s, 1m or 1h'

/** Wrong values of what decides how a group balances: algorithm, weights, tiers, caps, sessions, the queue. */
export const BAD_BALANCING: readonly BadConfig[] = [
  {
    wrong: 'an unknown algorithm',
    yaml: withKey('balancing: round-robbin'),
    errors: [`gateway.yaml:4: ${GROUP}.balancing: ${SEVEN}; got "round-robbin"; did you mean "round-robin"?`]
  },
  {
    wrong: 'an unknown algorithm in a mapping',
    yaml: withKey('balancing: { algorithm: least_latency }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.balancing.algorithm: ${SEVEN}; got "least_latency"; did you mean "least-latency"?`
    ]
  },
  {
    wrong: 'a mapping without an algorithm',
    yaml: withKey('balancing:', '  key: ip'),
    errors: [`gateway.yaml:4: ${GROUP}.balancing.algorithm: ${SEVEN}, got nothing`]
  },
  {
    wrong: 'an algorithm that is a number',
    yaml: withKey('balancing: 1'),
    errors: [`gateway.yaml:4: ${GROUP}.balancing: ${SEVEN}, or a mapping, got 1`]
  },
  {
    wrong: 'a misspelt key of balancing',
    yaml: withKey('balancing: { algorithm: hash, keys: ip }'),
    errors: [`gateway.yaml:4: ${GROUP}.balancing.keys: unknown key "keys"; did you mean "key"?`]
  },
  ...['address', 'header:', 'header:x user', 'cookie:a;b', 'query:', 'IP', 'ip:'].map((key) => ({
    wrong: `"${key}" as the key of hash`,
    yaml: withKey('balancing:', '  algorithm: hash', `  key: '${key}'`),
    errors: [`gateway.yaml:6: ${GROUP}.balancing.key: ${KEY}, got "${key}"`]
  })),
  ...['round-robin', 'least-latency', 'ip-hash'].map((algorithm) => ({
    wrong: `a key beside ${algorithm}`,
    yaml: withKey('balancing:', `  algorithm: ${algorithm}`, '  key: path'),
    errors: [
      `gateway.yaml:6: ${GROUP}.balancing.key: expected a key beside hash only, got "path" beside "${algorithm}"`
    ]
  })),
  {
    wrong: 'weights beyond their range',
    yaml: withBackends('{ url: http://a, weight: 1001 }', '{ url: http://b, weight: -1 }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.backends[0].weight: expected a whole number from 0 to 1000, got 1001`,
      `gateway.yaml:5: ${GROUP}.backends[1].weight: expected a whole number from 0 to 1000, got -1`
    ]
  },
  {
    wrong: 'a group whose weights are all 0',
    yaml: withBackends('{ url: http://a, weight: 0 }', '{ url: http://b, weight: 0 }'),
    errors: [
      `gateway.yaml:3: ${GROUP}.backends: expected a backend with a weight above 0, got only weights of 0`
    ]
  },
  {
    wrong: 'tiers beyond their range',
    yaml: withBackends(
      '{ url: http://a, tier: -1 }',
      '{ url: http://b, tier: 16 }',
      '{ url: http://c, tier: first }'
    ),
    errors: [
      `gateway.yaml:4: ${GROUP}.backends[0].tier: expected a whole number from 0 to 15, got -1`,
      `gateway.yaml:5: ${GROUP}.backends[1].tier: expected a whole number from 0 to 15, got 16`,
      `gateway.yaml:6: ${GROUP}.backends[2].tier: expected a whole number from 0 to 15, got "first"`
    ]
  },
  {
    wrong: 'caps beyond their range',
    yaml: withBackends('{ url: http://a, maxInFlight: -1 }', '{ url: http://b, maxInFlight: 1.5 }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.backends[0].maxInFlight: expected a whole number from 0 to 1000000, got -1`,
      `gateway.yaml:5: ${GROUP}.backends[1].maxInFlight: expected a whole number from 0 to 1000000, got 1.5`
    ]
  },
  {
    wrong: 'a slow start that is no duration, and one of days',
    yaml: `${withKey('slowStart: 30')}  orders: { backends: [http://b], slowStart: 48h }\n`,
    errors: [
      `gateway.yaml:4: ${GROUP}.slowStart: ${DURATION}, got 30`,
      'gateway.yaml:5: upstreams.orders.slowStart: expected at most 24h, got "48h"'
    ]
  },
  {
    wrong: 'an affinity without its defaults',
    yaml: withKey('affinity:'),
    errors: [`gateway.yaml:4: ${GROUP}.affinity: expected a mapping, got nothing; write {} for the defaults`]
  },
  {
    wrong: 'an affinity with a cookie that can not be named so',
    yaml: withKey('affinity: { cookie: "shop session" }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.affinity.cookie: expected the name of a cookie, at most 64 characters without spaces and separators, got "shop session"`
    ]
  },
  {
    wrong: 'sessions of less than a second, and of more than a week',
    yaml: `${withKey('affinity: { ttl: 999ms }')}  orders: { backends: [http://b], affinity: { ttl: 169h } }\n`,
    errors: [
      `gateway.yaml:4: ${GROUP}.affinity.ttl: expected at least 1s, got "999ms"`,
      'gateway.yaml:5: upstreams.orders.affinity.ttl: expected at most 168h, got "169h"'
    ]
  },
  {
    wrong: 'a secret that is too short, which is not repeated',
    yaml: withKey('affinity: { secret: hunter2 }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.affinity.secret: expected a secret of 16 to 4096 characters, got a text of 7`
    ]
  },
  {
    wrong: 'a misspelt key of affinity',
    yaml: withKey('affinity: { cokie: xgw }'),
    errors: [`gateway.yaml:4: ${GROUP}.affinity.cokie: unknown key "cokie"; did you mean "cookie"?`]
  },
  {
    wrong: 'a queue without end, and without time',
    yaml: withKey('queue: { max: -1, timeout: 0s }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.queue.max: expected a whole number from 0 to 1000000, got -1`,
      `gateway.yaml:4: ${GROUP}.queue.timeout: expected at least 1ms, got "0s"`
    ]
  },
  {
    wrong: 'a panic threshold with a percent sign, and one beyond the whole',
    yaml: `${withKey('panicThreshold: 50%')}  orders: { backends: [http://b], panicThreshold: 101 }\n`,
    errors: [
      `gateway.yaml:4: ${GROUP}.panicThreshold: expected a whole number from 0 to 100, got "50%"`,
      'gateway.yaml:5: upstreams.orders.panicThreshold: expected a whole number from 0 to 100, got 101'
    ]
  },
  {
    wrong: 'connections without number, kept for days',
    yaml: withKey('connections: { perBackend: 0, keepAlive: 25h }'),
    errors: [
      `gateway.yaml:4: ${GROUP}.connections.keepAlive: expected at most 24h, got "25h"`,
      `gateway.yaml:4: ${GROUP}.connections.perBackend: expected a whole number from 1 to 65535, got 0`
    ]
  }
]
