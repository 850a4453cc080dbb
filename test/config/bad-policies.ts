import { withRoutes } from './bad-routes.ts'
import type { BadConfig } from './load-errors.ts'

const ORIGIN = 'expected an origin such as https://shop.example.com or https://*.example.com, or *'
const POLICY = 'securityHeaders.contentSecurityPolicy'
const KEYS =
  'contentSecurityPolicy, strictTransportSecurity, frameOptions, referrerPolicy, crossOriginOpenerPolicy, ' +
  'crossOriginResourcePolicy, crossOriginEmbedderPolicy'
const REFERRERS =
  'no-referrer, no-referrer-when-downgrade, origin, origin-when-cross-origin, same-origin, strict-origin, ' +
  'strict-origin-when-cross-origin, unsafe-url'

/** Routes with these `cors`, each on a line of its own from line 3. */
function withCors(...policies: readonly string[]): string {
  return withRoutes(...policies.map((cors, index) => `{ path: /${index}, upstream: catalog, cors: ${cors} }`))
}

/** Routes with these `securityHeaders`, each on a line of its own from line 3. */
function withHeaders(...headers: readonly string[]): string {
  return withRoutes(
    ...headers.map((each, index) => `{ path: /${index}, upstream: catalog, securityHeaders: ${each} }`)
  )
}

/** Wrong values of what routes tell browsers: `cors` and `securityHeaders`. */
export const BAD_POLICIES: readonly BadConfig[] = [
  {
    wrong: 'cors that names nobody',
    yaml: withCors('{}', '{ origins: [] }'),
    errors: [
      'gateway.yaml:3: routes[0].cors.origins: expected at least one origin, got nothing',
      'gateway.yaml:4: routes[1].cors.origins: expected at least one origin, got an empty list'
    ]
  },
  {
    wrong: 'origins that no page has',
    yaml: withCors(
      '{ origins: [shop.example.com] }',
      '{ origins: ["https://shop.example.com/"] }',
      '{ origins: ["https://a.*.example.com"] }',
      '{ origins: ["https://*"] }',
      '{ origins: ["null"] }',
      '{ origins: ["https://(a|b).example.com"] }'
    ),
    errors: [
      `gateway.yaml:3: routes[0].cors.origins[0]: ${ORIGIN}, got "shop.example.com"`,
      `gateway.yaml:4: routes[1].cors.origins[0]: ${ORIGIN}, got "https://shop.example.com/"`,
      `gateway.yaml:5: routes[2].cors.origins[0]: ${ORIGIN}, got "https://a.*.example.com"`,
      `gateway.yaml:6: routes[3].cors.origins[0]: ${ORIGIN}, got "https://*"`,
      `gateway.yaml:7: routes[4].cors.origins[0]: ${ORIGIN}, got "null"`,
      `gateway.yaml:8: routes[5].cors.origins[0]: ${ORIGIN}, got "https://(a|b).example.com"`
    ]
  },
  {
    wrong: 'all origins beside some',
    yaml: withCors('{ origins: [https://a.example.com, "*"] }'),
    errors: ['gateway.yaml:3: routes[0].cors.origins[1]: expected "*" alone, got it beside others']
  },
  {
    wrong: 'credentials for all origins',
    yaml: withCors('{ origins: ["*"], credentials: true }'),
    errors: [
      'gateway.yaml:3: routes[0].cors.origins[0]: expected origins to be named where credentials come along, got "*"'
    ]
  },
  {
    wrong: 'methods, fields and times of cors that are none',
    yaml: withCors(
      '{ origins: ["*"], methods: [get] }',
      '{ origins: ["*"], methods: [] }',
      '{ origins: ["*"], allowedHeaders: ["x a"] }',
      '{ origins: ["*"], exposedHeaders: ["x:a"] }',
      '{ origins: ["*"], maxAge: 10 }',
      '{ origins: ["*"], origin: "*" }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].cors.methods[0]: expected a method in upper case such as GET, but not TRACE or CONNECT, got "get"',
      'gateway.yaml:4: routes[1].cors.methods: expected a list, got an empty list',
      'gateway.yaml:5: routes[2].cors.allowedHeaders[0]: expected the name of a header field, got "x a"',
      'gateway.yaml:6: routes[3].cors.exposedHeaders[0]: expected the name of a header field, got "x:a"',
      'gateway.yaml:7: routes[4].cors.maxAge: expected a duration such as 250ms, 2s, 1m or 1h, got 10',
      'gateway.yaml:8: routes[5].cors.origin: unknown key "origin"; did you mean "origins"?'
    ]
  },
  {
    wrong: 'security headers that are none',
    yaml: withHeaders(
      '{ frameOptions: SAMEORIGIN }',
      '{ referrerPolicy: none }',
      '{ strictTransportSecurity: { maxAge: 100000h } }',
      '{ contentSecurityPolicy: { defaultSrc: [a] } }',
      '{ contentSecurityPolicy: { default-src: ["a; script-src *"] } }',
      '{ noSniff: false }'
    ),
    errors: [
      'gateway.yaml:3: routes[0].securityHeaders.frameOptions: expected one of deny, sameorigin; got "SAMEORIGIN"; did you mean "sameorigin"?',
      `gateway.yaml:4: routes[1].securityHeaders.referrerPolicy: expected one of ${REFERRERS}; got "none"`,
      'gateway.yaml:5: routes[2].securityHeaders.strictTransportSecurity.maxAge: expected at most 87600h, got "100000h"',
      `gateway.yaml:6: routes[3].${POLICY}.defaultSrc: expected a directive such as default-src, got "defaultSrc"`,
      `gateway.yaml:7: routes[4].${POLICY}.default-src[0]: expected a source without spaces, ";" and ",", and keywords in quotes, as "'self'", got "a; script-src *"`,
      `gateway.yaml:8: routes[5].securityHeaders.noSniff: unknown key "noSniff"; expected one of ${KEYS}`
    ]
  }
]
