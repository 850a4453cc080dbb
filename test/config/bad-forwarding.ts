import type { BadConfig } from './load-errors.ts'

const GROUP = 'upstreams:\n  catalog:\n    backends: [http://a]\n'
const ROUTE = `${GROUP}routes:\n  - path: /a\n    upstream: catalog\n`
const FRAMING = 'expected a field that says nothing of framing or connections'

/** Wrong values of what groups and routes say of forwarding: `retry`, `timeouts`, `headers`, and `trustProxy`. */
export const BAD_FORWARDING: readonly BadConfig[] = [
  {
    wrong: 'more attempts than there may be, none, and half a one',
    yaml: `${GROUP}    retry: { attempts: 11 }\n  b: { backends: [http://b], retry: { attempts: 0 } }\n`,
    errors: [
      'gateway.yaml:4: upstreams.catalog.retry.attempts: expected a whole number from 1 to 10, got 11',
      'gateway.yaml:5: upstreams.b.retry.attempts: expected a whole number from 1 to 10, got 0'
    ]
  },
  {
    wrong: 'a retry on something unknown',
    yaml: `${GROUP}    retry: { on: [refused, 200] }\n`,
    errors: [
      'gateway.yaml:4: upstreams.catalog.retry.on[0]: expected one of connect, reset, timeout or a status from 400 to 599, got "refused"',
      'gateway.yaml:4: upstreams.catalog.retry.on[1]: expected one of connect, reset, timeout or a status from 400 to 599, got 200'
    ]
  },
  {
    wrong: 'a body buffer without a unit, and one that is too large',
    yaml: `${GROUP}    retry: { bodyBuffer: 64kb }\n  b: { backends: [http://b], retry: { bodyBuffer: 17MiB } }\n`,
    errors: [
      'gateway.yaml:4: upstreams.catalog.retry.bodyBuffer: expected a size such as 512B, 64KiB or 1MiB, got "64kb"',
      'gateway.yaml:5: upstreams.b.retry.bodyBuffer: expected at most 16MiB, got "17MiB"'
    ]
  },
  {
    wrong: 'a budget beyond the whole',
    yaml: `${ROUTE}    retry: { budgetPercent: 101 }\n`,
    errors: ['gateway.yaml:7: routes[0].retry.budgetPercent: expected a whole number from 0 to 100, got 101']
  },
  {
    wrong: 'a header change that would break the framing',
    yaml: `${ROUTE}    headers: { request: { set: { Content-Length: '3' }, remove: [Connection] } }\n`,
    errors: [
      `gateway.yaml:7: routes[0].headers.request.remove[0]: ${FRAMING}, got "Connection"`,
      `gateway.yaml:7: routes[0].headers.request.set.Content-Length: ${FRAMING}, got "Content-Length"`
    ]
  },
  {
    wrong: 'a header that is none',
    yaml: `${ROUTE}    headers: { response: { set: { 'x y': a, x-z: "a\\nb" } } }\n`,
    errors: [
      'gateway.yaml:7: routes[0].headers.response.set.x-z: expected a header value: a text in one line, got "a\\nb"',
      'gateway.yaml:7: routes[0].headers.response.set["x y"]: expected the name of a header field, got "x y"'
    ]
  },
  {
    wrong: 'trusted proxies that are no addresses',
    yaml: 'server:\n  trustProxy: [10.0.0.0/33, localhost, "::1/64/2"]\n',
    errors: [0, 1, 2].map(
      (index) =>
        `gateway.yaml:2: server.trustProxy[${index}]: expected an address or a CIDR block such as 10.0.0.0/8, got ` +
        ['"10.0.0.0/33"', '"localhost"', '"::1/64/2"'][index]
    )
  }
]
