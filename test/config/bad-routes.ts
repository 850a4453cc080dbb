import type { BadConfig } from './load-errors.ts'

/** Two groups on the first line, then these routes, each on a line of its own from line 3. */
export function withRoutes(...routes: readonly string[]): string {
  return [
    'upstreams: { catalog: { backends: [http://a] }, orders: { backends: [http://b] } }',
    'routes:',
    ...routes.map((route) => `  - ${route}`),
    ''
  ].join('\n')
}

/** One route per path, all to the same group. */
function withPaths(...paths: readonly string[]): string {
  return withRoutes(...paths.map((path) => `{ path: '${path}', upstream: catalog }`))
}

const HOST = 'expected a host name such as api.example.com or *.example.com, without scheme and port'
const METHOD = 'expected a method in upper case such as GET, but not TRACE or CONNECT'

/** Wrong values of `routes`. */
export const BAD_ROUTES: readonly BadConfig[] = [
  {
    wrong: 'routes by name',
    yaml: 'routes:\n  products: { path: /a }\n',
    errors: ['gateway.yaml:1: routes: expected a list, got a mapping']
  },
  {
    wrong: 'a method that no request can have',
    yaml: withRoutes('{ path: /a, upstream: catalog, methods: [GETT] }'),
    errors: [
      'gateway.yaml:3: routes[0].methods[0]: expected a method that Node\'s HTTP parser knows, got "GETT"; did you mean "GET"?'
    ]
  },
  {
    wrong: 'requests that are checked by a document that nobody has',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, validateRequests: true }',
      '{ path: /b, upstream: [{ group: orders }, { group: none }], validateRequests: true }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].validateRequests: expected upstream groups that all have openapi, got one that has none',
      'gateway.yaml:4: routes[1].upstream[1].group: expected the name of an upstream group, got "none"; expected one of catalog, orders',
      'gateway.yaml:4: routes[1].validateRequests: expected upstream groups that all have openapi, got one that has none'
    ]
  },
  {
    wrong: 'a route that is a text',
    yaml: withRoutes('/api'),
    errors: ['gateway.yaml:3: routes[0]: expected a mapping, got "/api"']
  },
  {
    wrong: 'a route without path and group',
    yaml: withRoutes('name: products'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path that starts with "/", got nothing',
      'gateway.yaml:3: routes[0].upstream: expected the name of an upstream group, or a list of { group, weight }, got nothing'
    ]
  },
  {
    wrong: 'a misspelt key of a route',
    yaml: withRoutes('{ path: /a, upstream: catalog, method: [GET] }'),
    errors: ['gateway.yaml:3: routes[0].method: unknown key "method"; did you mean "methods"?']
  },
  {
    wrong: 'a group that is not there, but one like it',
    yaml: withRoutes('path: /a\n    upstream: catalogue'),
    errors: [
      'gateway.yaml:4: routes[0].upstream: expected the name of an upstream group, got "catalogue"; did you mean "catalog"?'
    ]
  },
  {
    wrong: 'a group that is not there, and none like it',
    yaml: withRoutes('{ path: /a, upstream: payments }'),
    errors: [
      'gateway.yaml:3: routes[0].upstream: expected the name of an upstream group, got "payments"; expected one of catalog, orders'
    ]
  },
  {
    wrong: 'a group where there are none',
    yaml: 'routes:\n  - { path: /a, upstream: catalog }\n',
    errors: ['gateway.yaml:2: routes[0].upstream: expected the name of an upstream group, got "catalog"']
  },
  {
    wrong: 'a name with a slash',
    yaml: withRoutes('{ name: api/a, path: /a, upstream: catalog }'),
    errors: [
      'gateway.yaml:3: routes[0].name: expected a name of letters, digits, "_" and "-", beginning with a letter or digit, got "api/a"'
    ]
  },
  {
    wrong: 'two routes of one name',
    yaml: withRoutes('{ name: a, path: /a, upstream: catalog }', '{ name: a, path: /b, upstream: catalog }'),
    errors: [
      'gateway.yaml:4: routes[1].name: expected a unique name, got "a" again; the first is at gateway.yaml:3'
    ]
  },
  {
    wrong: 'a path that is not absolute',
    yaml: withPaths('api', ''),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path that starts with "/", got "api"',
      'gateway.yaml:4: routes[1].path: expected a path that starts with "/", got ""'
    ]
  },
  {
    wrong: 'a path with a query or a fragment',
    yaml: withPaths('/a?b', '/a#b'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path without query and fragment, got "/a?b"',
      'gateway.yaml:4: routes[1].path: expected a path without query and fragment, got "/a#b"'
    ]
  },
  {
    wrong: 'a path with a star',
    yaml: withPaths('/api/*'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path without "*", because it is a prefix already, got "/api/*"'
    ]
  },
  {
    wrong: 'a path with an empty segment',
    yaml: withPaths('/a//b', '//'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path without empty segments ("//"), got "/a//b"',
      'gateway.yaml:4: routes[1].path: expected a path without empty segments ("//"), got "//"'
    ]
  },
  {
    wrong: 'a path with dot segments, plain or encoded',
    yaml: withPaths('/a/../b', '/./a', '/a/%2E%2e'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path without "." and ".." segments, got "/a/../b"',
      'gateway.yaml:4: routes[1].path: expected a path without "." and ".." segments, got "/./a"',
      'gateway.yaml:5: routes[2].path: expected a path without "." and ".." segments, got "/a/%2E%2e"'
    ]
  },
  {
    wrong: 'a path with characters that a URL has not',
    yaml: withPaths('/a b', '/café', '/%zz'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected a path of URL characters, others percent-encoded (RFC 3986), got "/a b"',
      'gateway.yaml:4: routes[1].path: expected a path of URL characters, others percent-encoded (RFC 3986), got "/café"',
      'gateway.yaml:5: routes[2].path: expected a path of URL characters, others percent-encoded (RFC 3986), got "/%zz"'
    ]
  },
  {
    wrong: 'a parameter without a proper name, or twice',
    yaml: withPaths('/a/:', '/b/:1st', '/c/:id/:id'),
    errors: [
      'gateway.yaml:3: routes[0].path: expected parameters named with letters, digits and "_", such as :id, got "/a/:"',
      'gateway.yaml:4: routes[1].path: expected parameters named with letters, digits and "_", such as :id, got "/b/:1st"',
      'gateway.yaml:5: routes[2].path: expected a path that has the parameter :id once, got "/c/:id/:id"'
    ]
  },
  {
    wrong: 'a rewrite that is no path',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, rewrite: b }',
      '{ path: /b, upstream: catalog, rewrite: /b/../c }',
      '{ path: /c, upstream: catalog, rewrite: /b?c }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].rewrite: expected a path that starts with "/", got "b"',
      'gateway.yaml:4: routes[1].rewrite: expected a path without "." and ".." segments, got "/b/../c"',
      'gateway.yaml:5: routes[2].rewrite: expected a path without query and fragment, got "/b?c"'
    ]
  },
  {
    wrong: 'a rewrite with parameters that the path has not',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, rewrite: /b/:id }',
      '{ path: "/b/:id", upstream: catalog, rewrite: /b/:key }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].rewrite: expected parameters that the path has (none), got "/b/:id"',
      'gateway.yaml:4: routes[1].rewrite: expected parameters that the path has (only :id), got "/b/:key"'
    ]
  },
  {
    wrong: 'methods that are none, or not for a gateway',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, methods: [get, TRACE, CONNECT, "G T"] }',
      '{ path: /b, upstream: catalog, methods: GET }',
      '{ path: /c, upstream: catalog, methods: [] }',
      '{ path: /d, upstream: catalog, methods: [GET, HEAD, GET] }'
    ),
    errors: [
      `gateway.yaml:3: routes[0].methods[0]: ${METHOD}, got "get"`,
      `gateway.yaml:3: routes[0].methods[1]: ${METHOD}, got "TRACE"`,
      `gateway.yaml:3: routes[0].methods[2]: ${METHOD}, got "CONNECT"`,
      `gateway.yaml:3: routes[0].methods[3]: ${METHOD}, got "G T"`,
      'gateway.yaml:4: routes[1].methods: expected a list, got "GET"',
      'gateway.yaml:5: routes[2].methods: expected at least one method, got an empty list',
      'gateway.yaml:6: routes[3].methods[2]: expected every item once, got "GET" again'
    ]
  },
  {
    wrong: 'hosts that are none',
    yaml: withRoutes(
      '{ path: /a, upstream: catalog, hosts: ["a:80", "https://a", "a.*", "*", -a, "a..b", "a."] }',
      '{ path: /b, upstream: catalog, hosts: [] }'
    ),
    errors: [
      `gateway.yaml:3: routes[0].hosts[0]: ${HOST}, got "a:80"`,
      `gateway.yaml:3: routes[0].hosts[1]: ${HOST}, got "https://a"`,
      `gateway.yaml:3: routes[0].hosts[2]: ${HOST}, got "a.*"`,
      `gateway.yaml:3: routes[0].hosts[3]: ${HOST}, got "*"`,
      `gateway.yaml:3: routes[0].hosts[4]: ${HOST}, got "-a"`,
      `gateway.yaml:3: routes[0].hosts[5]: ${HOST}, got "a..b"`,
      `gateway.yaml:3: routes[0].hosts[6]: ${HOST}, got "a."`,
      'gateway.yaml:4: routes[1].hosts: expected at least one host, got an empty list'
    ]
  },
  {
    wrong: 'timeouts of a route that are none',
    yaml: withRoutes('{ path: /a, upstream: catalog, timeouts: { connect: 1, response: 48h } }'),
    errors: [
      'gateway.yaml:3: routes[0].timeouts.connect: expected a duration such as 250ms, 2s, 1m or 1h, got 1',
      'gateway.yaml:3: routes[0].timeouts.response: expected at most 24h, got "48h"'
    ]
  },
  {
    wrong: 'a route that an earlier one hides',
    yaml: withRoutes(
      '{ name: a, path: "/x/:id", methods: [GET, HEAD], upstream: catalog }',
      '{ name: b, path: "/x/:key/", methods: [GET], upstream: orders }'
    ),
    errors: [
      'gateway.yaml:4: routes[1]: route "b" can never be reached: both take GET /x/:key on any host; route "a" (gateway.yaml:3) comes first'
    ]
  }
]
