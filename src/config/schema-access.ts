import { Type } from 'typebox'
import {
  CLOSED,
  Duration,
  HeaderName,
  METHOD_MESSAGE,
  METHOD_PATTERN,
  Name,
  NAME_KEYS
} from './schema-parts.ts'
import { JWT_ALGORITHMS } from './types-access.ts'

const HASH_MESSAGE = 'expected what xecureapi hash-key prints: sha256: and 64 hexadecimal digits'

const ApiKeySchema = Type.Object(
  {
    name: Name("Whose key it is: the consumer's name. Several keys may be one consumer's."),
    hash: Type.String({
      description: 'Hash of the key, as `xecureapi hash-key` prints it.',
      pattern: '^(?:sha256:)?[0-9A-Fa-f]{64}$',
      errorMessage: HASH_MESSAGE,
      // Somebody may have written the key itself.
      writeOnly: true
    })
  },
  { ...CLOSED, description: 'One API key.' }
)

const ONE_AUDIENCE = { minLength: 1, errorMessage: 'expected the audience that tokens are for' } as const

const JwtSchema = Type.Object(
  {
    issuer: Type.String({
      description: 'Exactly what the `iss` of a token is.',
      minLength: 1,
      errorMessage: 'expected the issuer of the tokens'
    }),
    audience: Type.Union(
      [Type.String(ONE_AUDIENCE), Type.Array(Type.String(ONE_AUDIENCE), { minItems: 1, uniqueItems: true })],
      {
        description: 'What the `aud` of a token is, or has in it; of several, one.',
        errorMessage: 'expected the audience that tokens are for, or a list of such'
      }
    ),
    jwks: Type.String({
      description: "URL of the issuer's key set. Plain http only where nobody can come between.",
      pattern: '^https?://',
      errorMessage: 'expected an http: or https: URL'
    }),
    algorithms: Type.Optional(
      Type.Array(Type.Enum([...JWT_ALGORITHMS]), {
        description: 'Algorithms that tokens may be signed with; whatever a token says of itself, no other.',
        default: ['RS256'],
        minItems: 1,
        uniqueItems: true
      })
    ),
    clockSkew: Type.Optional(
      Duration({ description: "How far the issuer's clock may be off.", default: '30s' })
    ),
    consumerClaim: Type.Optional(
      Type.String({
        description: 'Claim that names the consumer; a token without it is refused.',
        default: 'sub',
        minLength: 1
      })
    ),
    forward: Type.Optional(
      Type.Boolean({ description: 'Whether backends get the token too.', default: true })
    )
  },
  { ...CLOSED, description: 'Tokens of one issuer.' }
)

function FieldName(description: string, preset: string) {
  return Type.String({
    description,
    default: preset,
    pattern: '^[A-Za-z][A-Za-z0-9-]{0,63}$',
    errorMessage: 'expected the name of a header field, of letters, digits and "-"'
  })
}

/** `auth`. */
export const AuthSchema = Type.Object(
  {
    apiKeyHeader: Type.Optional(FieldName('Header field that API keys come in.', 'x-api-key')),
    consumerHeader: Type.Optional(
      FieldName('Header field that tells backends who calls; beside it stands NAME-auth.', 'x-consumer')
    ),
    apiKeys: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Array(ApiKeySchema, { errorMessage: 'expected a list of { name, hash }' }),
        { description: 'Sets of API keys by name.', default: {}, propertyNames: NAME_KEYS }
      )
    ),
    jwt: Type.Optional(
      Type.Record(Type.String(), JwtSchema, {
        description: 'Issuers of tokens by name.',
        default: {},
        propertyNames: NAME_KEYS
      })
    )
  },
  {
    ...CLOSED,
    description: 'Who may call, as routes name it in their `access`.',
    examples: [
      {
        apiKeys: { partners: [{ name: 'acme', hash: `sha256:${'0'.repeat(64)}` }] },
        jwt: {
          shop: { issuer: 'https://id.example.com/', audience: 'shop', jwks: 'https://id.example.com/jwks' }
        }
      }
    ]
  }
)

function Blocks(description: string) {
  return Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), { description, uniqueItems: true, examples: [['10.0.0.0/8']] })
  )
}

/** `access` of a route. What modules export has no defaults put in: neither has this. */
export const AccessSchema = Type.Object(
  {
    allow: Blocks('Addresses and CIDR blocks of clients that may; by default all.'),
    deny: Blocks('Addresses and CIDR blocks of clients that may not, whatever `allow` says.'),
    apiKeys: Type.Optional(
      Type.String({ description: "The set of auth.apiKeys that the client's key must be in.", minLength: 1 })
    ),
    jwt: Type.Optional(
      Type.String({ description: "The issuer of auth.jwt that the client's token must be of.", minLength: 1 })
    ),
    satisfy: Type.Optional(
      Type.Enum(['all', 'any'], {
        description: 'Of apiKeys and jwt, whether a client needs both, as by default, or one of them.'
      })
    )
  },
  { ...CLOSED, description: 'Who may use the route.', examples: [{ apiKeys: 'partners' }] }
)

const ORIGIN_MESSAGE = 'expected an origin such as https://shop.example.com or https://*.example.com, or *'

function FieldNames(description: string) {
  return Type.Optional(Type.Array(Type.String(HeaderName), { description, uniqueItems: true }))
}

/** `cors` of a route. */
export const CorsSchema = Type.Object(
  {
    origins: Type.Array(
      Type.String({
        pattern: '^(?:\\*|https?://(?:\\*\\.)?(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?)$',
        errorMessage: ORIGIN_MESSAGE
      }),
      {
        description: 'Origins of the pages that may; `*` alone for all.',
        minItems: 1,
        uniqueItems: true,
        errorMessage: 'expected at least one origin',
        examples: [['https://shop.example.com']]
      }
    ),
    methods: Type.Optional(
      Type.Array(Type.String({ pattern: METHOD_PATTERN, errorMessage: METHOD_MESSAGE }), {
        description: 'Methods that pages may use; by default those of the route.',
        minItems: 1,
        uniqueItems: true
      })
    ),
    allowedHeaders: FieldNames('Header fields that pages may send; by default any.'),
    exposedHeaders: FieldNames('Header fields of responses that pages may read, besides the usual ones.'),
    credentials: Type.Optional(
      Type.Boolean({ description: 'Whether cookies and the like come along; false by default.' })
    ),
    maxAge: Type.Optional(
      Duration({ description: 'How long a browser keeps the answer to a preflight; 10m by default.' })
    )
  },
  { ...CLOSED, description: 'Which pages of other origins may use the route.' }
)

function Policy(description: string, words: readonly string[]) {
  return Type.Optional(Type.Union([Type.Literal(false), Type.Enum([...words])], { description }))
}

/** They stand in quotes (CSP level 3, section 2.3.1): without, they are hosts of that name, which nobody means. */
const KEYWORDS =
  'none|self|strict-dynamic|report-sample|inline-speculation-rules|unsafe-inline|unsafe-eval|unsafe-hashes|wasm-unsafe-eval'

const SOURCE = {
  pattern: `^(?!(?:${KEYWORDS})$|nonce-|sha(?:256|384|512)-)[^;,\\s\\x00-\\x1f\\x7f]+$`,
  errorMessage: 'expected a source without spaces, ";" and ",", and keywords in quotes, as "\'self\'"'
}

/** `securityHeaders` of a route. */
export const SecurityHeadersSchema = Type.Object(
  {
    contentSecurityPolicy: Type.Optional(
      Type.Union(
        [
          Type.Literal(false),
          Type.Record(Type.String(), Type.Array(Type.String(SOURCE)), {
            propertyNames: {
              pattern: '^[a-z]+(?:-[a-z]+)*$',
              errorMessage: 'expected a directive such as default-src'
            }
          })
        ],
        {
          description: "Sources by directive, besides helmet's; false = no such field.",
          examples: [{ 'default-src': ["'self'"] }]
        }
      )
    ),
    strictTransportSecurity: Type.Optional(
      Type.Union(
        [
          Type.Literal(false),
          Type.Object(
            {
              maxAge: Type.Optional(Duration({ description: '365d by default, written 8760h.' })),
              includeSubDomains: Type.Optional(Type.Boolean({ description: 'true by default.' })),
              preload: Type.Optional(Type.Boolean({ description: 'false by default.' }))
            },
            CLOSED
          )
        ],
        { description: 'That browsers come by HTTPS only; false = no such field.' }
      )
    ),
    frameOptions: Policy('Whether pages may be framed.', ['deny', 'sameorigin']),
    referrerPolicy: Policy('What pages tell of themselves where they link to.', [
      'no-referrer',
      'no-referrer-when-downgrade',
      'origin',
      'origin-when-cross-origin',
      'same-origin',
      'strict-origin',
      'strict-origin-when-cross-origin',
      'unsafe-url'
    ]),
    crossOriginOpenerPolicy: Policy('Which pages share a browsing context.', [
      'same-origin',
      'same-origin-allow-popups',
      'unsafe-none'
    ]),
    crossOriginResourcePolicy: Policy('Whose pages may load what is answered.', [
      'same-origin',
      'same-site',
      'cross-origin'
    ]),
    crossOriginEmbedderPolicy: Policy('What pages may load.', [
      'require-corp',
      'credentialless',
      'unsafe-none'
    ])
  },
  {
    ...CLOSED,
    description: 'Header fields that tell browsers to be careful, as helmet has them; {} for the defaults.',
    examples: [{}, { frameOptions: 'deny' }]
  }
)
