import { withRoutes } from './bad-routes.ts'
import type { BadConfig } from './load-errors.ts'

const HASH = 'a'.repeat(64)
const HASHED = 'expected what xecureapi hash-key prints: sha256: and 64 hexadecimal digits'
const BLOCK = 'expected an address or a CIDR block such as 10.0.0.0/8'
const KEY = 'expected ip, consumer, path, header:NAME, cookie:NAME or query:NAME'
const AUTH = `auth: { apiKeys: { partners: [{ name: acme, hash: "${HASH}" }] }, jwt: { shop: { issuer: i, audience: a, jwks: "https://id/jwks" } } }\n`

/** `auth` and one route to a group, its further keys on line 4. */
function withRoute(keys: string, auth = AUTH): string {
  return `${auth}${withRoutes(`{ path: /a, upstream: catalog, ${keys} }`)}`
}

/** Wrong values of `auth`, of a route's `access`, and of what goes by consumer. */
export const BAD_ACCESS: readonly BadConfig[] = [
  {
    wrong: 'a route that names a key set and an issuer that are not there',
    yaml: withRoute('access: { apiKeys: partner, jwt: stop }'),
    errors: [
      'gateway.yaml:4: routes[0].access.apiKeys: expected a name of auth.apiKeys, got "partner"; did you mean "partners"?',
      'gateway.yaml:4: routes[0].access.jwt: expected a name of auth.jwt, got "stop"; did you mean "shop"?'
    ]
  },
  {
    wrong: 'a route that names a key set where there is no auth at all',
    yaml: withRoute('access: { apiKeys: partners }', '# none\n'),
    errors: ['gateway.yaml:4: routes[0].access.apiKeys: expected a name of auth.apiKeys, got "partners"']
  },
  ...['{}', '{ allow: [], deny: [] }'].map((access) => ({
    wrong: `an access of ${access}, which keeps nobody out`,
    yaml: withRoute(`access: ${access}`),
    errors: [
      'gateway.yaml:4: routes[0].access: expected allow, deny, apiKeys or jwt to keep somebody out, got none of them'
    ]
  })),
  {
    wrong: 'a set named like what all objects have',
    yaml: withRoute('access: { apiKeys: constructor }'),
    errors: [
      'gateway.yaml:4: routes[0].access.apiKeys: expected a name of auth.apiKeys, got "constructor"; expected partners'
    ]
  },
  {
    wrong: 'blocks that are none',
    yaml: withRoute('access: { allow: [10.0.0.0/33], deny: ["::ffff:10.0.0.1/129", shop] }'),
    errors: [
      `gateway.yaml:4: routes[0].access.allow[0]: ${BLOCK}, got "10.0.0.0/33"`,
      `gateway.yaml:4: routes[0].access.deny[0]: ${BLOCK}, got "::ffff:10.0.0.1/129"`,
      `gateway.yaml:4: routes[0].access.deny[1]: ${BLOCK}, got "shop"`
    ]
  },
  {
    wrong: 'satisfy without two things to satisfy',
    yaml: withRoute('access: { jwt: shop, satisfy: any }'),
    errors: [
      'gateway.yaml:4: routes[0].access.satisfy: expected satisfy beside both apiKeys and jwt, got "any"'
    ]
  },
  {
    wrong: 'a key where its hash should stand, which no message shows',
    yaml: 'auth: { apiKeys: { partners: [{ name: acme, hash: super-secret-key }] } }\n',
    errors: [`gateway.yaml:1: auth.apiKeys.partners[0].hash: ${HASHED}, got a text of 16`]
  },
  {
    wrong: 'one key twice',
    yaml: `auth: { apiKeys: { partners: [{ name: a, hash: ${HASH} }, { name: b, hash: "sha256:${HASH.toUpperCase()}" }] } }\n`,
    errors: [
      'gateway.yaml:1: auth.apiKeys.partners[1].hash: expected every key once, got that of keys[0] again'
    ]
  },
  {
    wrong: 'an issuer that says nothing',
    yaml: 'auth: { jwt: { shop: {} } }\n',
    errors: [
      'gateway.yaml:1: auth.jwt.shop.audience: expected the audience that tokens are for, or a list of such, got nothing',
      'gateway.yaml:1: auth.jwt.shop.issuer: expected the issuer of the tokens, got nothing',
      'gateway.yaml:1: auth.jwt.shop.jwks: expected an http: or https: URL, got nothing'
    ]
  },
  {
    wrong: 'algorithms that share a secret, or sign nothing',
    yaml: [
      'auth:',
      '  jwt:',
      '    shop:',
      '      issuer: i',
      '      audience: a',
      '      jwks: https://user:pass@id/jwks',
      '      clockSkew: 11m',
      '      algorithms: [HS256, none]',
      ''
    ].join('\n'),
    errors: [
      'gateway.yaml:6: auth.jwt.shop.jwks: expected a URL without credentials and fragment, got "https://…@id/jwks"',
      'gateway.yaml:7: auth.jwt.shop.clockSkew: expected at most 10m, got "11m"',
      'gateway.yaml:8: auth.jwt.shop.algorithms[0]: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; got "HS256"; did you mean "RS256"?',
      'gateway.yaml:8: auth.jwt.shop.algorithms[1]: expected one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; got "none"'
    ]
  },
  {
    wrong: 'header fields that mean something already, or each other',
    yaml: 'auth: { apiKeyHeader: X-Forwarded-For, consumerHeader: Authorization }\n',
    errors: [
      'gateway.yaml:1: auth.apiKeyHeader: expected a header field of its own, got "x-forwarded-for"',
      'gateway.yaml:1: auth.consumerHeader: expected a header field of its own, got "authorization"'
    ]
  },
  {
    wrong: 'a key in the field that says who calls',
    yaml: 'auth: { apiKeyHeader: x-consumer-auth }\n',
    errors: [
      'gateway.yaml:1: auth.apiKeyHeader: expected another field than those of consumerHeader, got "x-consumer-auth"'
    ]
  },
  {
    wrong: 'a route that says itself who calls',
    yaml: withRoute('headers: { request: { set: { X-Consumer: me }, remove: [x-consumer-auth] } }'),
    errors: [
      'gateway.yaml:4: routes[0].headers.request.remove[0]: expected a field that is not the gateway\'s to set, got "x-consumer-auth"',
      'gateway.yaml:4: routes[0].headers.request.set.X-Consumer: expected a field that is not the gateway\'s to set, got "X-Consumer"'
    ]
  },
  {
    wrong: 'a limit by consumer where nobody asks who calls, and one by what a client says of itself',
    yaml: withRoute(
      'rateLimit: [{ limit: 1, per: 1s, key: consumer }, { limit: 1, per: 1s, key: "header:X-Consumer" }]'
    ),
    errors: [
      'gateway.yaml:4: routes[0].rateLimit[0].key: expected apiKeys or jwt in access beside the key consumer, got neither',
      'gateway.yaml:4: routes[0].rateLimit[1].key: expected consumer, which clients can\'t forge, got "header:X-Consumer"'
    ]
  },
  {
    wrong: 'a limit of the gateway by consumer where there is no auth',
    yaml: 'rateLimit: { limit: 1, per: 1s, key: [ip, consumer] }\n',
    errors: [
      'gateway.yaml:1: rateLimit.key[1]: expected apiKeys or jwt in access beside the key consumer, got neither'
    ]
  },
  {
    wrong: 'a balancer by consumer',
    yaml: 'upstreams: { a: { backends: [http://a], balancing: { algorithm: hash, key: consumer } } }\n',
    errors: [`gateway.yaml:1: upstreams.a.balancing.key: ${KEY.replace(' consumer,', '')}, got "consumer"`]
  }
]
