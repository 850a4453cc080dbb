import { Type } from 'typebox'
import { AddressBlock, CLOSED, Duration, Name, NAME_KEYS } from './schema-parts.ts'
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
      description: 'Exactly what the iss of a token is.',
      minLength: 1,
      errorMessage: 'expected the issuer of the tokens'
    }),
    audience: Type.Union(
      [Type.String(ONE_AUDIENCE), Type.Array(Type.String(ONE_AUDIENCE), { minItems: 1, uniqueItems: true })],
      {
        description: 'What the aud of a token is, or has in it; of several, one.',
        errorMessage: 'expected the audience that tokens are for, or a list of such'
      }
    ),
    jwks: Type.String({
      description:
        "URL of the issuer's key set, which is asked again every 10 minutes and for a key that is not known. Plain http only where nobody can come between.",
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
      Duration({
        description: "How far the issuer's clock may be off.",
        default: '30s',
        range: ['0s', '10m']
      })
    ),
    consumerClaim: Type.Optional(
      Type.String({
        description: 'Claim that names the consumer; a token without it is refused, as is one without exp.',
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
        Type.Array(ApiKeySchema, {
          description: 'The keys of a set.',
          errorMessage: 'expected a list of { name, hash }'
        }),
        {
          description: 'Sets of API keys by name: of each consumer the hash of a key.',
          default: {},
          propertyNames: NAME_KEYS
        }
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
    description: 'Who may call, as routes name it in their access; absent = nobody is asked.',
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
    Type.Array(AddressBlock, { description, uniqueItems: true, examples: [['10.0.0.0/8']] })
  )
}

/** `access` of a route. What modules export has no defaults put in: neither has this. */
export const AccessSchema = Type.Object(
  {
    allow: Blocks('Addresses and CIDR blocks of clients that may. By default all.'),
    deny: Blocks('Addresses and CIDR blocks of clients that may not, whatever allow says. By default none.'),
    apiKeys: Type.Optional(
      Type.String({
        description:
          "The set of auth.apiKeys that the client's key must be in. By default no key is asked for.",
        minLength: 1
      })
    ),
    jwt: Type.Optional(
      Type.String({
        description:
          "The issuer of auth.jwt that the client's token must be of. By default no token is asked for.",
        minLength: 1
      })
    ),
    satisfy: Type.Optional(
      Type.Enum(['all', 'any'], {
        description:
          'Where there are both apiKeys and jwt: whether a client needs both, or with any one of them. By default all.'
      })
    )
  },
  { ...CLOSED, description: 'Who may use the route; absent = anybody.', examples: [{ apiKeys: 'partners' }] }
)
